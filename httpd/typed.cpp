// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/typed.hpp>

#include <perron/httpd/core/base64.hpp>
#include <perron/httpd/http1/characters.hpp>
#include <perron/runtime/core/clock.hpp>

#include <algorithm>
#include <charconv>

namespace perron::httpd {

namespace {

/// Base64 with its padding (RFC 4648 4), nothing after it and no bits left over.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const int value = core::base64_value(c);
    if (value < 0)
      return std::nullopt;
    held = (held << 6U | static_cast<unsigned>(value)) & 0xffffU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 0xffU);
    }
  }
  if ((held & ((1U << bits) - 1)) != 0)
    return std::nullopt;
  return out;
}

} // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<credentials> field::authorization::parse(std::string_view value) noexcept {
  const auto blank = std::min(value.find(' '), value.size());
  const auto scheme = value.substr(0, blank);
  if (!http1::detail::is_token(scheme))
    return std::nullopt;
  return credentials{scheme, detail::trim_blanks(value.substr(blank))};
}

std::optional<http_time> field::date::parse(std::string_view value) noexcept {
  return parse_http_date(value, http_time(std::chrono::seconds(runtime::core::wall_seconds())));
}

std::optional<basic_credentials> parse_basic(const credentials& from) {
  if (!from.is("Basic"))
    return std::nullopt;
  const auto both = decode_base64(from.rest);
  if (!both || std::any_of(both->begin(), both->end(), http1::detail::is_control))
    return std::nullopt;
  const auto colon = both->find(':');
  if (colon == std::string::npos)
    return std::nullopt;
  return basic_credentials{both->substr(0, colon), both->substr(colon + 1)};
}

} // namespace perron::httpd
