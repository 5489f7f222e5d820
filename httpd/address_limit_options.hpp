// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace perron::httpd {

/// What one client address may have of a server at a time. Off as long as both limits are 0, since behind a
/// proxy that does not speak the PROXY protocol, or a large NAT, very many clients have one address.
struct address_limit_options {
  std::uint32_t max_connections = 0;     ///< open at once; further ones get a 503 with Retry-After
  std::uint32_t requests_per_second = 0; ///< on the average; further ones get a 429 with Retry-After
  std::uint32_t burst = 0; ///< requests at once after a pause; 0: as many as in a second, at least 10
  /// Clients get whole IPv6 networks, so addresses with this prefix are one. At most 64.
  std::uint8_t ipv6_prefix = 64;
  /// About how many addresses are remembered, 24 bytes each, allotted when the server starts.
  std::size_t max_addresses = 65'536;

  bool is_on() const noexcept { return max_connections != 0 || requests_per_second != 0; }
};

} // namespace perron::httpd
