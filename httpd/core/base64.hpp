// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::httpd::core {

/// What a character of base64 stands for (RFC 4648 4); -1: it is none.
constexpr int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

} // namespace perron::httpd::core
