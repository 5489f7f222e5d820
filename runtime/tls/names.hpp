// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace perron::runtime::tls {

/// ASCII only: host names have no other letters (RFC 5890 2.3.1).
inline std::string small_letters(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// The wildcard that stands for a name: "*.example.org" for "www.example.org" (RFC 6125 6.4.3, the first
/// label only and the whole of it). Empty: none does.
inline std::string wildcard_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0 || name.find('.', dot + 1) == std::string_view::npos)
    return {};
  return "*" + std::string(name.substr(dot));
}

/// Which of several things a host name is for: those of its exact name before those of its wildcard.
/// Not synchronised.
class names {
public:
  /// The first to add a name has it.
  void add(std::string_view name, std::size_t what) { table_.try_emplace(small_letters(name), what); }

  /// A name as a client sends it (RFC 6066 3): in any letters; whatever is no name is not found.
  std::optional<std::size_t> find(std::string_view name) const {
    if (name.ends_with('.'))
      name.remove_suffix(1);
    const std::string small = small_letters(name);
    if (small.empty() || small.front() == '*')
      return std::nullopt;
    auto at = table_.find(small);
    if (at == table_.end())
      at = table_.find(wildcard_of(small));
    if (at == table_.end())
      return std::nullopt;
    return at->second;
  }

private:
  std::map<std::string, std::size_t, std::less<>> table_;
};

} // namespace perron::runtime::tls
