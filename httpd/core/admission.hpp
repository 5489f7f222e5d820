// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/address_limits.hpp>
#include <perron/httpd/core/site.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace perron::runtime::core {
struct worker;
}

namespace perron::httpd::core {

/// Whom a connection is from. Made only where it matters: behind proxies, and with limits per address.
/// Belongs to its connection and takes it out of the count of its address at the end.
class visitor {
public:
  visitor(const ip_address& address, std::uint16_t port, bool proxied) noexcept
      : address_(address), port_(port), proxied_(proxied) {}
  ~visitor() {
    if (counted_by_ != nullptr)
      counted_by_->connection_ended(address_);
  }
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;

  const ip_address& address() const noexcept { return address_; }
  /// A proxy said so; the socket's own address is the proxy's.
  bool is_proxied() const noexcept { return proxied_; }
  /// "192.0.2.1:51234", "[2001:db8::1]:51234".
  std::string to_string() const;
  void counted_by(address_limits& limits) noexcept { counted_by_ = &limits; }

private:
  const ip_address address_;
  address_limits* counted_by_ = nullptr;
  const std::uint16_t port_;
  const bool proxied_;
};

/// A client is at the door: makes its connection, or turns it away if its address has as many as it may.
/// Without `who` nothing is known of it and nothing is limited. Takes the socket. On the worker `at`. False:
/// there was no memory.
bool admit(const std::shared_ptr<site>& to, runtime::core::worker& at, int socket,
           std::unique_ptr<visitor> who) noexcept;

/// Answers 503 with Retry-After, or with an alert where TLS is spoken, and closes. Cheaply: one attempt each
/// to read and to answer, and nothing is kept. A client that sends its request later may see the connection
/// reset instead of the answer.
void turn_away(site& from, runtime::core::worker& at, int socket, const char* why) noexcept;

} // namespace perron::httpd::core
