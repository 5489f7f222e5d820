// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/server.hpp>
#include <perron/runtime/net/listener.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace perron::httpd::core {

/// The listening sockets of one address, non-blocking, closed at their end. For TCP there are as many as are
/// asked for (SO_REUSEPORT: the kernel spreads connections over them); a Unix socket is one, and its file
/// goes with it. For one owner; it may move between threads.
class listening_sockets {
public:
  listening_sockets() noexcept = default;
  listening_sockets(listening_sockets&& other) noexcept;
  listening_sockets& operator=(listening_sockets&& other) noexcept;
  ~listening_sockets() { close(); }

  /// Opens what options.host, port and so on say; the port must be nobody's. A Unix socket's file is replaced
  /// when nobody listens on it any more. Errors say what was tried, and have the system's code.
  static runtime::result<listening_sockets> open(const server_options& options, std::size_t most);
  /// Copies of options.inherited: the originals stay their owner's and go on listening behind them. Code
  /// EINVAL if one is no listening stream socket, or if there are more than `most`.
  static runtime::result<listening_sockets> inherit(const server_options& options, std::size_t most);

  bool empty() const noexcept { return sockets_.empty(); }
  std::size_t size() const noexcept { return sockets_.size(); }
  const std::vector<int>& all() const noexcept { return sockets_; }
  /// Of TCP; else 0.
  std::uint16_t port() const noexcept { return port_; }

  /// A copy of one for worker `at`, in turn; closed by whoever takes it. Negative: errno.
  int copy_for(std::size_t at) const noexcept;
  /// For connections that come from now on (TCP_NOTSENT_LOWAT).
  void set_max_unsent(std::size_t bytes) const noexcept;

  /// Of those that were opened nobody can be connected to from now on, copies or not, and the address is free
  /// for the next; inherited ones only end here.
  void close() noexcept;
  /// Gives them away, open, with the file of a Unix socket; whoever takes them closes them.
  std::vector<int> release() noexcept;

private:
  std::vector<int> sockets_;
  runtime::net::detail::socket_file file_; ///< of a Unix socket that was opened
  std::uint16_t port_ = 0;
  bool inherited_ = false;

  runtime::result<void> open_unix(const server_options& options);
  runtime::result<void> open_tcp(const server_options& options, std::size_t count);
};

} // namespace perron::httpd::core
