// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace perron::soak {

/// What is published: which one of its sender's it is, and when that was. As text "soak SENDER NUMBER NS.",
/// found again in whatever the server wraps around it.
struct announcement {
  std::uint32_t sender = 0; ///< 0: the director; rooms count from 1
  std::uint32_t number = 0;
  std::int64_t at_ns = 0; ///< of now_ns()

  std::string text() const {
    return "soak " + std::to_string(sender) + ' ' + std::to_string(number) + ' ' + std::to_string(at_ns) +
           '.';
  }

  static std::optional<announcement> in(std::string_view text) {
    constexpr std::string_view mark = "soak ";
    announcement found;
    for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      const char* const end = text.data() + text.size();
      const char* next = text.data() + at + mark.size();
      const auto number = [&](auto& to, char behind) {
        const auto parsed = std::from_chars(next, end, to);
        if (parsed.ec != std::errc{} || parsed.ptr == end || *parsed.ptr != behind)
          return false;
        next = parsed.ptr + 1;
        return true;
      };
      if (number(found.sender, ' ') && number(found.number, ' ') && number(found.at_ns, '.'))
        return found;
    }
    return std::nullopt;
  }
};

} // namespace perron::soak
