// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace perron::runtime::net {

/// Where a socket listens or connects to: IPv4, IPv6, a Unix path, or a Unix name without a file (abstract).
/// A value; only numbers here, host names are looked up by resolve().
///
/// | text                | meaning                                             |
/// |---------------------|-----------------------------------------------------|
/// | 127.0.0.1:8080      | IPv4                                                |
/// | [::1]:8080          | IPv6; [fe80::1%eth0]:8080 or %2 with a scope        |
/// | unix:/run/chat.sock | Unix path, at most 107 bytes                        |
/// | unix:@chat          | abstract Unix name, at most 107 bytes               |
class address {
public:
  enum class kind : std::uint8_t {
    none,      ///< of a default-made address, and of the nameless peer of a Unix socket
    ipv4,      ///< RFC 791
    ipv6,      ///< RFC 4291
    unix_path, ///< unix(7)
    unix_abstract
  };

  address() noexcept = default;

  /// Reads the forms of the table. Code EINVAL for anything else.
  static result<address> parse(std::string_view text);

  static address loopback(std::uint16_t port) noexcept; ///< 127.0.0.1
  static address any(std::uint16_t port) noexcept;      ///< 0.0.0.0
  /// IPv6 `::`, which takes IPv4 connections as well unless listen_options::only_ipv6.
  static address any_ipv6(std::uint16_t port) noexcept;
  /// Code ENAMETOOLONG or EINVAL (empty, or with a zero byte).
  static result<address> unix_path(std::string_view path);
  /// Code ENAMETOOLONG.
  static result<address> unix_abstract(std::string_view name);

  /// From what the system says; `none` for families not in the table.
  static address from_system(const ::sockaddr* from, ::socklen_t size) noexcept;
  /// The own and the other end's address of a socket.
  static result<address> local_of(int fd);
  static result<address> peer_of(int fd);

  kind what() const noexcept;
  bool is_ip() const noexcept { return what() == kind::ipv4 || what() == kind::ipv6; }
  /// 0 for Unix addresses.
  std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// The path or the name of a Unix address, else empty.
  std::string_view unix_name() const noexcept;

  /// The form that parse() reads; "-" for none.
  std::string to_string() const;

  int family() const noexcept { return size_ == 0 ? AF_UNSPEC : storage_.ss_family; }
  const ::sockaddr* data() const noexcept { return reinterpret_cast<const ::sockaddr*>(&storage_); }
  ::socklen_t size() const noexcept { return size_; }

  friend bool operator==(const address& a, const address& b) noexcept;

private:
  ::sockaddr_storage storage_{};
  ::socklen_t size_ = 0;
};

} // namespace perron::runtime::net
