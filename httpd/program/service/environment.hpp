// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace perron::httpd::program {

/// A variable of the environment, which is taken out, so that no child has it; empty: it is not set. Before
/// there are other threads.
inline std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string out = value != nullptr ? value : "";
  ::unsetenv(name);
  return out;
}

/// What the whole of a text says as a decimal number.
template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end)
    return std::nullopt;
  return value;
}

} // namespace perron::httpd::program
