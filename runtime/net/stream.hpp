// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/socket.hpp>
#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace perron::runtime::net {

/// Which half of a connection to end.
enum class half : std::uint8_t {
  read,  ///< nothing more is read; the other end is not told
  write, ///< the other end reads the end after all that was written
  both
};

/// A connected TCP or Unix socket, used as if calls blocked: the process waits, its worker does not.
///
/// Owned by one process. To hand it over, move it into a message; there is nothing else to do. It is closed
/// by its destructor, so also when its process ends, however that happens. It must not outlive its node.
///
/// Operations are to be called by a process (else they throw not_a_process). One may read while another one
/// writes, if both are sure that it stays open; a second reader or writer at a time gets EBUSY. To stop
/// another process that waits on it, shut it down, do not close it.
///
/// Each operation that may wait takes the time it may take in all; zero looks and does not wait. What goes
/// wrong is a value, whose code is the errno: ETIMEDOUT (and the text "no time left") when the time is over,
/// EBADF after close(), EBUSY, and what the network says (ECONNRESET, EPIPE). An exit signal ends a wait.
/// SIGPIPE is never raised.
///
/// About 100 bytes and one registration with epoll. Waiting costs no system call but the one that found
/// nothing.
class stream {
public:
  stream() noexcept = default;

  /// Takes the descriptor of a connected stream socket over and makes it non-blocking; closes it if that
  /// fails, with EPROTOTYPE if it is a socket of another kind. Any thread of the node.
  static result<stream> adopt(int fd);
  /// Gives the descriptor, which stays non-blocking, to the caller and leaves this closed. EBUSY while
  /// somebody waits on it.
  result<int> release();

  /// Reads what there is, at least one byte, at most the size of `into`. 0 means the end: the other side
  /// sends no more.
  result<std::size_t> read(std::span<char> into, std::chrono::nanoseconds timeout = forever);
  /// Reads until `into` is full. Less than that means the end came first.
  result<std::size_t> read_exactly(std::span<char> into, std::chrono::nanoseconds timeout = forever);

  /// Writes all of it. After an error it is not known how much of it was sent: the connection is of no use.
  result<void> write(std::string_view bytes, std::chrono::nanoseconds timeout = forever);
  /// As write, for several pieces in a row without copying them together.
  result<void> writev(std::span<const std::string_view> parts, std::chrono::nanoseconds timeout = forever);
  /// Sends `count` bytes of an open file from `offset` on, without copying them through this program. Gives
  /// how many, less than `count` if the file is shorter. Reading the file may block the worker's thread for
  /// as long as the disk takes; another thread takes the worker over meanwhile.
  result<std::size_t> sendfile(int file, std::uint64_t offset, std::size_t count,
                               std::chrono::nanoseconds timeout = forever);

  /// Ends one or both directions now. Any process; wakes who waits.
  result<void> shutdown(half which);

  /// Closes it; what was written is still sent. Nothing happens if it is closed already. Any thread.
  void close() noexcept { handle_.close(); }
  bool is_open() const noexcept { return static_cast<bool>(handle_); }

  result<address> local() const;
  result<address> peer() const;
  /// Whether small writes go out at once (TCP only; on for what net::connect and net::listener make).
  result<void> set_nodelay(bool on);

  /// For setsockopt and the like; -1 if closed. Still the stream's.
  int descriptor() const noexcept { return handle_ ? handle_->fd : -1; }
  /// Tells its mails from those of other sockets; see active.hpp.
  socket_id id() const noexcept { return handle_ ? handle_->id : socket_id{}; }

  /// For the other parts of net.
  explicit stream(detail::socket_handle handle) noexcept : handle_(std::move(handle)) {}
  detail::socket_handle& handle() noexcept { return handle_; }

private:
  detail::socket_handle handle_;
};

/// Connects. Beside what stream's operations give: ECONNREFUSED, EHOSTUNREACH, ENOENT (no such Unix socket)
/// and the like. TCP connections have set_nodelay.
result<stream> connect(const address& to, std::chrono::nanoseconds timeout = forever);

} // namespace perron::runtime::net
