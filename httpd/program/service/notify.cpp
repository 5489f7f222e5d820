// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/notify.hpp>

#include <perron/httpd/program/service/environment.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/signals.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace perron::httpd::program {
namespace {

using namespace std::chrono_literals;

constexpr auto most_wait = 2s; ///< for room in the queue of the service manager
constexpr auto between_tries = 5ms;

/// One line: what else it may hold would be another message.
std::string status_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line.empty() ? std::string() : "STATUS=" + line + '\n';
}

} // namespace

notifier::notifier(std::string socket) : socket_(std::move(socket)), main_pid_(::getpid()) {}

notifier notifier::take_from_environment() { return notifier(take_variable("NOTIFY_SOCKET")); }

runtime::result<void> notifier::send(std::string_view lines) const {
  if (!is_on())
    return {};
  const auto failed = [&](const char* what, int code) {
    return runtime::error{"notify '" + socket_ + "': " + what + ": " + std::strerror(code), code};
  };
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if ((socket_[0] != '/' && socket_[0] != '@') || socket_.size() >= sizeof to.sun_path)
    return failed("neither a path nor an abstract name of at most 107 bytes", EINVAL);
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@')
    to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return failed("socket", errno);
  const ssize_t sent =
      ::sendto(fd, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  const int code = errno;
  ::close(fd);
  if (sent < 0)
    return failed("send", code);
  return {};
}

runtime::result<void> notifier::send_in_turn(const std::string& lines) const {
  if (!runtime::self_or_none())
    return send(lines);
  const runtime::deadline until(most_wait);
  for (;;) {
    auto sent = send(lines);
    if (sent || sent.error().code != EAGAIN || until.is_over())
      return sent;
    runtime::sleep_for(between_tries);
  }
}

runtime::result<void> notifier::ready(std::string_view status) const {
  return send_in_turn(status_line(status) + "READY=1\nMAINPID=" + std::to_string(main_pid_));
}

runtime::result<void> notifier::reloading() const {
  // CLOCK_MONOTONIC, as systemd wants it
  return send_in_turn("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(runtime::core::monotonic_ns() / 1000));
}

runtime::result<void> notifier::stopping(std::string_view status) const {
  return send_in_turn(status_line(status) + "STOPPING=1");
}

runtime::result<void> notifier::status(std::string_view text) const { return send(status_line(text)); }

runtime::result<void> notifier::watchdog() const { return send("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> take_watchdog_interval() {
  const auto micros = number_of<std::uint64_t>(take_variable("WATCHDOG_USEC"));
  const std::string pid = take_variable("WATCHDOG_PID");
  if (!micros || *micros < 2 || (!pid.empty() && pid != std::to_string(::getpid())))
    return std::nullopt;
  return std::chrono::microseconds(*micros / 2);
}

bool do_workers_answer(std::size_t workers, std::chrono::milliseconds time) {
  const runtime::deadline until(time);
  std::vector<runtime::monitor_ref> pings;
  for (std::size_t i = 0; i < workers; ++i)
    pings.push_back(runtime::spawn_monitor({.worker = static_cast<int>(i)}, [] {}).ref);
  std::size_t answered = 0;
  for (const runtime::monitor_ref ref : pings) {
    answered += runtime::receive(runtime::when([ref](const runtime::down& d) { return d.ref == ref; },
                                               [](const runtime::down&) { return 1U; }),
                                 runtime::after(until.left(), [] { return 0U; }));
    runtime::demonitor(ref);
  }
  return answered == workers;
}

std::chrono::milliseconds watchdog_patience(std::chrono::microseconds interval) noexcept {
  return std::max<std::chrono::milliseconds>(
      1ms, std::chrono::duration_cast<std::chrono::milliseconds>(interval / 2));
}

void watch_node(const notifier& to, std::chrono::microseconds interval,
                const std::function<bool()>& is_well) {
  struct never {};
  for (;;) {
    if (is_well())
      static_cast<void>(to.watchdog()); // one that is lost is followed by the next
    runtime::receive([](never) {}, runtime::after(interval, [] {}));
  }
}

} // namespace perron::httpd::program
