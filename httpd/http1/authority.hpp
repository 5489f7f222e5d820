// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::httpd::http1 {

enum class port_rule {
  optional, ///< Host field, absolute-form: `host`, `host:` or `host:port`
  required, ///< authority-form of CONNECT: `host:port` (RFC 9112 3.2.3)
};

/// What is wrong with `uri-host [":" port]` (RFC 9110 7.2, RFC 3986 3.2.2), or nullptr if it is good. The
/// host may be empty, as in a Host field without a value. Stricter than the grammar in three places: userinfo
/// is refused (RFC 9110 4.2.4), a port above 65535 names nothing, and IP literals are IPv6 only. O(text);
/// allocates nothing; any thread.
const char* find_authority_fault(std::string_view text, port_rule port) noexcept;

} // namespace perron::httpd::http1
