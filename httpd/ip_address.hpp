// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd {

/// An IPv4 or IPv6 address without a port, as 16 bytes. IPv4 is kept as its IPv6 form ::ffff:a.b.c.d (RFC
/// 4291 2.5.5.2), so an IPv4 client has the same address on a listener of either kind. A value; for sockets
/// and Unix addresses there is runtime::net::address.
struct ip_address {
  std::array<std::uint8_t, 16> bytes{};

  static ip_address ipv4(std::span<const std::uint8_t, 4> of) noexcept;
  static ip_address ipv6(std::span<const std::uint8_t, 16> of) noexcept;
  /// "192.0.2.1" or "2001:db8::1", without brackets, scope or port. Allocates nothing.
  static std::optional<ip_address> parse(std::string_view text) noexcept;
  /// Of the other end of a connected socket; nothing for Unix sockets. One system call.
  static std::optional<ip_address> of_peer(int socket) noexcept;

  bool is_ipv4() const noexcept;
  std::string to_string() const;

  friend bool operator==(const ip_address&, const ip_address&) = default;
};

/// A block of addresses: "192.0.2.0/24", "2001:db8::/32", or one address alone.
class ip_network {
public:
  /// Bits behind the prefix must be zero, as they are nearly always a mistake ("10.0.0.1/8").
  static std::optional<ip_network> parse(std::string_view text) noexcept;

  bool contains(const ip_address& which) const noexcept;

private:
  ip_address base_;
  unsigned prefix_ = 128; ///< bits of the 16 bytes
};

} // namespace perron::httpd
