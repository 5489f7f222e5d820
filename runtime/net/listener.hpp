// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/socket.hpp>
#include <perron/runtime/net/stream.hpp>
#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <chrono>
#include <string>

namespace perron::runtime::net {

struct listen_options {
  /// Connections that may wait to be accepted; the system caps it at net.core.somaxconn.
  int backlog = 4096;
  /// Several listeners share the port, and the system spreads connections over them (SO_REUSEPORT).
  bool reuse_port = false;
  bool only_ipv6 = false;
  /// Small writes on accepted connections go out at once.
  bool nodelay = true;
  /// Replace the file of a Unix address if nobody listens there any more, as after a crash.
  bool replace_stale_file = true;
};

namespace detail {

/// A descriptor that listens, non-blocking, and the address it has got.
struct listening {
  int fd = -1;
  address at;
};
result<listening> open_listening(const address& at, const listen_options& options);

/// Removes the file of a Unix path that is left from a socket which is gone. False: it is not one of those.
bool remove_stale_file(const address& at);

/// The file of a Unix listener, which goes when the listener does, unless another one has taken its place.
class socket_file {
public:
  socket_file() noexcept = default;
  /// For Unix paths the file that is there now, for others nothing.
  explicit socket_file(const address& at);
  socket_file(socket_file&& other) noexcept { swap(other); }
  socket_file& operator=(socket_file&& other) noexcept {
    swap(other);
    return *this;
  }
  ~socket_file() { remove(); }

  void remove() noexcept;
  /// It stays: somebody else removes it.
  void leave() noexcept { path_.clear(); }

private:
  void swap(socket_file& other) noexcept;

  std::string path_;
  ::dev_t device_ = 0;
  ::ino_t number_ = 0;
};

} // namespace detail

/// Accepts connections for the one process that calls accept(). For a port that all workers serve at once see
/// acceptors.hpp. Owned, moved and closed like a stream. Port 0 lets the system choose; ask local().
class listener {
public:
  listener() noexcept = default;

  /// Code EADDRINUSE, EACCES and the like. Any thread of the node; does not wait.
  static result<listener> open(const address& at, const listen_options& options = {});

  /// Waits for the next connection. What goes wrong with one connection is passed over; when descriptors or
  /// memory run out it waits 100 ms and tries again, as often as there is time. Other errors are as with
  /// stream.
  result<stream> accept(std::chrono::nanoseconds timeout = forever);

  /// When it returns the address is free again, and waiting clients are refused. A Unix path is removed.
  void close() noexcept;
  bool is_open() const noexcept { return static_cast<bool>(handle_); }

  /// Where it listens; `none` if it never did.
  const address& local() const noexcept { return local_; }
  int descriptor() const noexcept { return handle_ ? handle_->fd : -1; }

private:
  detail::socket_handle handle_;
  address local_;
  detail::socket_file file_;
};

} // namespace perron::runtime::net
