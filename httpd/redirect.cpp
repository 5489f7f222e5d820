// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/redirect.hpp>

#include <algorithm>
#include <stdexcept>

namespace perron::httpd {

namespace {

constexpr bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// reserved and unreserved of RFC 3986 2.2 and 2.3.
constexpr bool is_uri_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~:/?#[]@!$&'()*+,;=").find(c) != std::string_view::npos;
}

} // namespace

std::string to_uri_reference(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '%' && text.size() - i > 2 && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (escape || is_uri_char(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

bool is_local(std::string_view reference) noexcept {
  return reference.starts_with('/') &&
         (reference.size() == 1 || (reference[1] != '/' && reference[1] != '\\')) &&
         std::none_of(reference.begin(), reference.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

response redirect(std::string_view location, int code) {
  if (code != status::moved_permanently && code != status::found && code != status::see_other &&
      code != status::temporary_redirect && code != status::permanent_redirect)
    throw std::invalid_argument("perron: " + std::to_string(code) + " is no redirect");
  response r = text(std::string(reason_phrase(code)), code);
  auto where = to_uri_reference(location);
  r.body += ": ";
  r.body += where;
  r.body += '\n';
  r.headers.emplace_back("Location", std::move(where));
  return r;
}

response redirect_here(std::string_view wanted, std::string_view otherwise, int code) {
  return redirect(is_local(wanted) ? wanted : otherwise, code);
}

} // namespace perron::httpd
