// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/tls/client_context.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace perron::runtime::tls {

/// A connection over TLS, used as net::stream is: the process waits, its worker does not.
///
///     const auto trusted = tls::client_context::make().value();
///     auto s = tls::connect(net::resolve("example.org", 443).value().front(), *trusted, "example.org",
///     10s).value(); s.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").value();
///
/// As net::stream in times, errors, ends of processes and who closes it, but for this: it is used by one
/// process at a time, for reading and writing together. Further errors: EPROTO, the other side breaks TLS or
/// one side does not trust the other; ECONNABORTED, the connection ended without a goodbye. Their texts say
/// why: "read: certificate verify failed: self-signed certificate". After an error other than ETIMEDOUT of a
/// read it is of no use.
class stream {
public:
  stream() noexcept = default;
  stream(stream&&) noexcept = default;
  stream& operator=(stream&&) noexcept = default;
  ~stream() = default;

  /// As in net::stream. 0, the end: the other side has said goodbye.
  result<std::size_t> read(std::span<char> into, std::chrono::nanoseconds timeout = net::forever);
  result<std::size_t> read_exactly(std::span<char> into, std::chrono::nanoseconds timeout = net::forever);
  result<void> write(std::string_view bytes, std::chrono::nanoseconds timeout = net::forever);
  result<void> writev(std::span<const std::string_view> parts,
                      std::chrono::nanoseconds timeout = net::forever);
  /// The bytes pass through this program, which encrypts them.
  result<std::size_t> sendfile(int file, std::uint64_t offset, std::size_t count,
                               std::chrono::nanoseconds timeout = net::forever);

  /// Ends one or both directions now; says goodbye before it ends ours.
  result<void> shutdown(net::half which);
  /// Says goodbye, if the socket takes it at once, and closes. A destructor only closes: to the other side a
  /// process that has crashed looks like one that has, and not like the end of what it said.
  void close() noexcept;
  bool is_open() const noexcept { return socket_.is_open(); }

  /// What was agreed on; only while it is open.
  const session_info& info() const { return session_->info(); }
  result<net::address> local() const { return socket_.local(); }
  result<net::address> peer() const { return socket_.peer(); }

private:
  friend result<stream> accept(net::stream, const server_context&, std::chrono::nanoseconds);
  friend result<stream> connect(net::stream, const client_context&, std::string_view,
                                std::chrono::nanoseconds);

  stream(net::stream socket, std::unique_ptr<session> of) noexcept
      : socket_(std::move(socket)), session_(std::move(of)) {}

  static result<stream> after_handshake(net::stream over, result<std::unique_ptr<session>> made,
                                        std::chrono::nanoseconds timeout);
  result<void> shake_hands(net::detail::operation& op);

  net::stream socket_; // outlives the session
  std::unique_ptr<session> session_;
};

/// Shakes hands with a client that has connected. Takes the socket, also if it fails.
result<stream> accept(net::stream from, const server_context& as,
                      std::chrono::nanoseconds timeout = net::forever);

/// Shakes hands with the server at the other end of a socket. `name`: whom to expect there, a host name or an
/// address, unless the context says.
result<stream> connect(net::stream over, const client_context& as, std::string_view name,
                       std::chrono::nanoseconds timeout = net::forever);
/// Connects, too; `timeout` is for both.
result<stream> connect(const net::address& to, const client_context& as, std::string_view name,
                       std::chrono::nanoseconds timeout = net::forever);

} // namespace perron::runtime::tls
