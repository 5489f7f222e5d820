// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd::program {

/// What the program tells its service manager (sd_notify(3), systemd's protocol, written here so that no
/// library is needed): datagrams of lines to the Unix socket that NOTIFY_SOCKET names. Without one all of it
/// does nothing. A value; any thread.
class notifier {
public:
  notifier() = default;
  /// "/run/systemd/notify", or "@name" for an abstract socket.
  /// This process is the program's main one, also where another one tells of it later.
  explicit notifier(std::string socket);
  /// NOTIFY_SOCKET of the environment, which is taken out of it, so that no child speaks for the program.
  /// Before other threads run.
  static notifier take_from_environment();

  bool is_on() const noexcept { return !socket_.empty(); }

  // Each sends one datagram. Errors: there is nobody at the socket; EAGAIN, its queue is full (ten datagrams,
  // where the system is as it comes). The first three must not be lost, so in a process they wait for room,
  // for 2 s at most; else nothing waits.

  /// It serves. `status` is for people: "3 sites on 2 listeners".
  runtime::result<void> ready(std::string_view status = {}) const;
  /// It reads its configuration again; ready() says that this is over, whether it went well or not.
  runtime::result<void> reloading() const;
  runtime::result<void> stopping(std::string_view status = {}) const;
  runtime::result<void> status(std::string_view text) const;
  runtime::result<void> watchdog() const;

  /// Lines as sd_notify() takes them.
  runtime::result<void> send(std::string_view lines) const;

private:
  runtime::result<void> send_in_turn(const std::string& lines) const;

  std::string socket_{};
  int main_pid_ = 0;
};

/// How often the service manager wants to hear notifier::watchdog(), half of WATCHDOG_USEC, if it does and
/// means this process (WATCHDOG_PID). Takes both out of the environment. Before other threads run.
std::optional<std::chrono::microseconds> take_watchdog_interval();

/// Whether each of the node's workers runs a process it is given within `time`: a worker that a handler holds
/// up is replaced by the runtime's own watchdog, so false means that the node is stuck. From a process, which
/// waits so long at most.
bool do_workers_answer(std::size_t workers, std::chrono::milliseconds time);

/// How long workers may take to answer, where the service manager wants to hear every `interval`.
std::chrono::milliseconds watchdog_patience(std::chrono::microseconds interval) noexcept;

/// The body of a process: tells the service manager every `interval` that the node lives, as long as
/// `is_well` says so: that its workers answer within watchdog_patience(). Ends by an exit signal.
void watch_node(const notifier& to, std::chrono::microseconds interval, const std::function<bool()>& is_well);

} // namespace perron::httpd::program
