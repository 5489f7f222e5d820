// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/core/connection.hpp>

#include <memory>

namespace perron::httpd::core {

/// One worker's listening socket (SO_REUSEPORT: the kernel spreads connections over the workers). Accepts by
/// the rules of connection_limits: sleeps while the server is full, with the clients waiting in the kernel's
/// backlog, until it is woken by the end of any connection; turns clients away at the hard limit, and those
/// whose address has as many connections as it may; lets trusted proxies greet first (proxy_greeting). When
/// descriptors run out it pauses, until a connection of this worker ends or a moment has passed. Whoever
/// wants to know that clients wait is told (cover.hpp).
///
/// Touched only on its home worker, but for the wake-up, an errand that comes home. One that was woken is not
/// freed before that has come.
class acceptor final : public rc::poll_handler, private supervisors::core::connection_limits::sleeper {
public:
  /// `whose`: the socket is that of another server, see cover(); negative: its own server's.
  acceptor(std::shared_ptr<site> s, int socket, rc::worker& at, int whose = -1);

  /// Starts to accept. Gives errno, 0 if fine.
  int open() noexcept;
  void close() noexcept;
  static void close_all(site& of, rc::worker& at) noexcept;
  /// Those that it has for another server.
  static void close_of(site& of, rc::worker& at, int whose) noexcept;
  /// A connection of this worker was closed.
  static void room_again(acceptor* first, rc::worker& at) noexcept;

private:
  struct pause_timer final : rc::wheel_timer {
    acceptor* of;
    explicit pause_timer(acceptor* a) noexcept : wheel_timer(&acceptor::on_pause_over), of(a) {}
  };

  struct wake_errand final : rc::runnable {
    acceptor* of;
    explicit wake_errand(acceptor* a) noexcept : runnable(&acceptor::on_woken), of(a) {}
  };

  static void wake(sleeper& self) noexcept;
  static void on_woken(rc::runnable& self, rc::carrier& on);
  static void on_ready(rc::poll_handler& self, std::uint32_t events, rc::worker& at);
  static void on_dispose(rc::poll_handler& self) noexcept;
  static void on_pause_over(rc::wheel_timer& self, rc::worker& at);

  void accept_some(rc::worker& at) noexcept;
  void pause(rc::worker& at, std::uint64_t ms) noexcept;
  void pause_full(rc::worker& at) noexcept;
  bool take_known(rc::worker& at, int socket) noexcept;

  std::shared_ptr<site> site_;
  acceptor* next_ = nullptr; ///< of the same worker
  const int whose_;
  pause_timer timer_{this};
  wake_errand errand_{this};
  bool paused_ = false;
  bool asleep_ = false;
  bool closed_ = false;
};

} // namespace perron::httpd::core
