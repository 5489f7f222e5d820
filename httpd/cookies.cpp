// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/cookies.hpp>

#include <perron/httpd/http1/characters.hpp>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace perron::httpd {

namespace {

using runtime::error;

constexpr std::size_t max_pair = 4096;      // RFC 6265bis 5.6: more is ignored by browsers
constexpr std::size_t max_attribute = 1024; // likewise

/// cookie-octet of RFC 6265bis 4.1.1.
constexpr bool is_cookie_octet(char c) noexcept {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

constexpr bool is_path_char(char c) noexcept { return c >= 0x20 && c < 0x7f && c != ';'; }

using http1::detail::is_token;

bool has_prefix(std::string_view name, std::string_view prefix) noexcept {
  return name.size() >= prefix.size() && equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

/// Dot-separated labels of letters, digits and hyphens (RFC 1034 3.5).
bool is_domain(std::string_view text) noexcept {
  bool label = false;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!plain && (c != '.' || !label))
      return false;
    label = plain;
  }
  return label;
}

const char* find_fault(const cookie& c) noexcept {
  if (!is_token(c.name))
    return "has a name that is no token";
  if (!std::all_of(c.value.begin(), c.value.end(), is_cookie_octet))
    return "has a byte in its value that no cookie may have; encode it";
  if (c.name.size() + c.value.size() > max_pair)
    return "has more than 4096 bytes in name and value";
  if (c.path.size() > max_attribute || c.domain.size() > max_attribute)
    return "has more than 1024 bytes in an attribute";
  if (!c.path.empty() && (c.path.front() != '/' || !std::all_of(c.path.begin(), c.path.end(), is_path_char)))
    return "has a path that is none";
  if (!c.domain.empty() && !is_domain(c.domain))
    return "has a domain that is none";
  if (c.site == same_site::none && !c.secure)
    return "is SameSite=None and not Secure, which browsers refuse";
  if (c.partitioned && !c.secure)
    return "is Partitioned and not Secure, which browsers refuse";
  if (has_prefix(c.name, "__Secure-") && !c.secure)
    return "begins with __Secure- and is not Secure";
  if (has_prefix(c.name, "__Host-") && (!c.secure || c.path != "/" || !c.domain.empty()))
    return "begins with __Host- and is not Secure with the path / and no domain";
  return nullptr;
}

} // namespace

bool cookies_view::cut_pair(std::string_view& field, std::string_view& name,
                            std::string_view& value) noexcept {
  const auto pair = field.substr(0, field.find(';'));
  field.remove_prefix(std::min(pair.size() + 1, field.size()));
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos)
    return false;
  name = detail::trim_blanks(pair.substr(0, equals));
  value = detail::trim_blanks(pair.substr(equals + 1));
  return is_token(name);
}

std::optional<std::string_view> cookies_view::get(std::string_view name) const noexcept {
  std::optional<std::string_view> found;
  each([&](std::string_view candidate, std::string_view value) {
    if (!found && candidate == name)
      found = value;
  });
  return found;
}

runtime::result<std::string> to_set_cookie(const cookie& c) {
  if (const char* fault = find_fault(c))
    return error{"cookie \"" + c.name + "\" " + fault, EINVAL};
  std::string text = c.name + '=' + c.value;
  if (c.max_age && c.max_age->count() > 0)
    text += "; Max-Age=" + std::to_string(c.max_age->count());
  if (c.max_age && c.max_age->count() <= 0) // RFC 6265bis 4.1.1: Max-Age=0 is not to be sent
    text += "; Expires=" + to_http_date(http_time());
  else if (c.expires)
    text += "; Expires=" + to_http_date(*c.expires);
  if (!c.domain.empty())
    text += "; Domain=" + c.domain;
  if (!c.path.empty())
    text += "; Path=" + c.path;
  if (c.secure)
    text += "; Secure";
  if (c.http_only)
    text += "; HttpOnly";
  text += c.site == same_site::strict ? "; SameSite=Strict"
          : c.site == same_site::lax  ? "; SameSite=Lax"
                                      : "; SameSite=None";
  if (c.partitioned)
    text += "; Partitioned";
  return text;
}

response& set_cookie(response& to, const cookie& c) {
  auto value = to_set_cookie(c);
  if (!value)
    throw std::invalid_argument("perron: " + value.error().text);
  to.headers.emplace_back("Set-Cookie", *std::move(value));
  return to;
}

response& delete_cookie(response& in, cookie c) {
  c.value.clear();
  c.max_age = std::chrono::seconds(0);
  return set_cookie(in, c);
}

} // namespace perron::httpd
