// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/envelope.hpp>
#include <perron/runtime/core/poller.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/net/readiness.hpp>
#include <perron/runtime/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace perron::runtime::net {

/// No limit of time for an operation.
inline constexpr std::chrono::nanoseconds forever = std::chrono::nanoseconds::max();

/// Tells the mails of one socket from those of others. Never used again while the node lives.
enum class socket_id : std::uint64_t {};

namespace detail {

using readiness_of_socket = readiness<core::envelope>;

/// A descriptor in the poller of its home worker: the one on which it was opened, wherever its owner runs
/// now.
///
/// | field            | who may touch it                                                                   |
/// |------------------|------------------------------------------------------------------------------------|
/// | fd               | the owner; home while `reading` is in the state `read`, and after the close errand |
/// | reading, writing | see readiness                                                                      |
/// | hung             | written by home before the event it belongs to is noted; read by anybody           |
/// | home, id         | not changed while it is open                                                       |
///
/// Closing: (1) an armed mail is taken back (2) on the home worker the poller retires it; elsewhere the
/// descriptor is taken out of the poller and closed at once, unless home is reading from it, and home gets
/// the socket as an errand (3) home retires it (4) it is freed when no event can name it any more, and only
/// then no longer counted in sockets_open.
struct socket final : core::poll_handler {
  explicit socket(int descriptor) noexcept;

  readiness_of_socket reading;
  readiness_of_socket writing;
  /// No more data will come than have come. A short read then is no sign that the next one finds nothing.
  std::atomic<bool> hung{false};
  socket_id id{};

  bool has_hung_up() const noexcept { return hung.load(std::memory_order_relaxed); }
};

/// Owns a socket.
class socket_handle {
public:
  socket_handle() noexcept = default;
  socket_handle(socket_handle&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  socket_handle& operator=(socket_handle&& other) noexcept {
    if (this != &other) {
      close();
      socket_ = std::exchange(other.socket_, nullptr);
    }
    return *this;
  }
  ~socket_handle() { close(); }

  /// Takes a non-blocking descriptor over, also if it fails. `connecting`: not writable before the first
  /// event. Any thread of the node.
  static result<socket_handle> open(int fd, bool connecting = false);

  void close() noexcept;
  /// Gives the descriptor up; code EBUSY if somebody waits for it.
  result<int> release();

  explicit operator bool() const noexcept { return socket_ != nullptr; }
  socket& operator*() const noexcept { return *socket_; }
  socket* operator->() const noexcept { return socket_; }

private:
  explicit socket_handle(socket* s) noexcept : socket_(s) {}

  socket* socket_ = nullptr;
};

/// One operation of the calling process. The constructor throws not_a_process, or process_exit if the process
/// was told to end; a process whose stack is being unwound may still make calls, but never waits.
class operation {
public:
  explicit operation(std::chrono::nanoseconds timeout);
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;

  /// No waiting: the caller wants to know what is there now.
  bool only_looks() const noexcept { return timeout_.count() <= 0; }

  /// Sleeps until an event. Gives 0, ETIMEDOUT, EBUSY, or ECANCELED if the process is being unwound.
  int wait(readiness_of_socket& on, core::wait_kind what);
  /// Sleeps that long, but not beyond the operation's time. Gives as wait().
  int pause(std::chrono::milliseconds time);

  /// Counts a system call that moved so many bytes; may give way.
  void spend(std::int64_t bytes);

private:
  std::uint64_t due();

  core::process& self_;
  std::chrono::nanoseconds timeout_;
  std::uint64_t due_ms_ = 0; ///< 0: not known yet
};

/// Sends mail that the receiver has asked for: it is not refused by a full mailbox. Any thread.
void deliver_asked_for(pid to, core::envelope* mail) noexcept;

/// An armed socket has had an event: reads and sends what there is. Home only, in active.cpp.
void read_for_owner(socket& s, core::envelope* mail, core::worker& home) noexcept;

} // namespace detail
} // namespace perron::runtime::net
