// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/main_thread.hpp>

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace perron::supervisors::core {
namespace {

/// No destructor, no log: whatever hangs may hold their locks.
[[noreturn]] void end_at_once(int number) {
  constexpr std::string_view text = "perron: told to stop again: ends at once\n";
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  ::_exit(128 + number);
}

} // namespace

main_thread::main_thread(polled_signals& signals, app_state& shared, std::chrono::milliseconds stop_within)
    : signals_(signals), shared_(shared), stop_within_(stop_within),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}

std::optional<app_outcome> main_thread::wait_for_end(const std::function<void()>& order_stop) {
  for (;;) {
    const woken by = wait();
    if (std::optional<app_outcome> how = shared_.take_outcome())
      return how;
    if (stopping_ && by.timer)
      return std::nullopt;
    if (!stopping_ && (by.signal != 0 || shared_.stop_wanted.load(std::memory_order_acquire))) {
      stopping_ = true;
      stopped_by_ = by.signal;
      set_timer();
      order_stop();
    }
  }
}

runtime::leftovers main_thread::stop(runtime::node& n, std::chrono::milliseconds grace) {
  stopping_ = true;
  std::atomic<bool> done{false};
  runtime::leftovers left;
  std::thread stopper([&] {
    left = n.stop(grace);
    done.store(true, std::memory_order_release);
    shared_.changed.ring();
  });
  while (!done.load(std::memory_order_acquire))
    wait();
  stopper.join();
  return left;
}

main_thread::woken main_thread::wait() {
  std::array<pollfd, 3> fds{
      {{signals_.fd(), POLLIN, 0}, {shared_.changed.fd(), POLLIN, 0}, {timer_.get(), POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), -1);
  woken by;
  while (const int number = signals_.next()) {
    if (stopping_ || by.signal != 0)
      end_at_once(number);
    by.signal = number;
  }
  shared_.changed.hush();
  std::uint64_t times = 0;
  by.timer = ::read(timer_.get(), &times, sizeof times) > 0;
  return by;
}

void main_thread::set_timer() const {
  itimerspec when{};
  when.it_value.tv_sec = stop_within_.count() / 1000;
  when.it_value.tv_nsec = stop_within_.count() % 1000 * 1'000'000 + 1; // not zero, which would mean never
  ::timerfd_settime(timer_.get(), 0, &when, nullptr);
}

} // namespace perron::supervisors::core
