// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/cursor.hpp>

#include <array>
#include <charconv>
#include <system_error>

namespace perron::httpd {
namespace {

/// The whole of `text` as a number without superfluous zeros.
bool read_number(std::string_view text, int base, std::uint64_t& out) noexcept {
  if (text.empty() || (text.size() > 1 && text.front() == '0'))
    return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return problem == std::errc() && end == text.data() + text.size();
}

} // namespace

std::string to_string(const topic_cursor& at) {
  std::array<char, 40> text; // 16 hexadecimal digits, the dash, 20 decimal digits
  char* end = std::to_chars(text.data(), text.data() + text.size(), at.epoch, 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), at.id).ptr;
  return {text.data(), end};
}

std::optional<topic_cursor> parse_cursor(std::string_view text) noexcept {
  topic_cursor at;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || !read_number(text.substr(0, dash), 16, at.epoch) ||
      !read_number(text.substr(dash + 1), 10, at.id) || at.epoch == 0)
    return std::nullopt;
  for (const char c : text.substr(0, dash))
    if (c >= 'A' && c <= 'F')
      return std::nullopt;
  return at;
}

} // namespace perron::httpd
