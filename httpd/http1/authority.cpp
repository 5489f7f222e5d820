// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/authority.hpp>

#include <array>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>

namespace perron::httpd::http1 {

namespace {

// unreserved and sub-delims of RFC 3986; '%' is looked at apart.
constexpr auto host_table = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view{"-._~!$&'()*+,;=0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

constexpr bool is_hex_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_ipv6(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  in6_addr address;
  if (text.empty() || text.size() >= terminated.size())
    return false;
  std::memcpy(terminated.data(), text.data(), text.size());
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

const char* find_port_fault(std::string_view digits, port_rule rule) noexcept {
  if (digits.empty())
    return rule == port_rule::required ? "port is missing" : nullptr;
  unsigned port = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9')
      return "port is not a number";
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 65535)
      return "port is above 65535";
  }
  return nullptr;
}

} // namespace

const char* find_authority_fault(std::string_view text, port_rule port) noexcept {
  std::size_t host_end = 0;
  if (text.starts_with('[')) {
    host_end = text.find(']');
    if (host_end == std::string_view::npos || !is_ipv6(text.substr(1, host_end - 1)))
      return "host is no IPv6 address in brackets";
    ++host_end;
  } else {
    for (; host_end < text.size(); ++host_end) {
      const char c = text[host_end];
      if (host_table[static_cast<unsigned char>(c)])
        continue;
      if (c == ':')
        break;
      if (c == '%') {
        if (text.size() - host_end < 3 || !is_hex_digit(text[host_end + 1]) ||
            !is_hex_digit(text[host_end + 2]))
          return "host has a bad percent escape";
      } else if (c == '@') {
        return "authority has userinfo";
      } else {
        return "host has a character that no host name has";
      }
    }
  }
  if (host_end == text.size())
    return port == port_rule::required ? "port is missing" : nullptr;
  if (text[host_end] != ':')
    return "something other than a port follows the host";
  return find_port_fault(text.substr(host_end + 1), port);
}

} // namespace perron::httpd::http1
