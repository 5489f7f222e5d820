// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/envelope.hpp>
#include <perron/runtime/core/timer.hpp>
#include <perron/runtime/pid.hpp>

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// A timer that was started by send_after or send_interval. Move-only; letting it go does not cancel it.
/// About 130 bytes while armed, nothing else; resolution one millisecond, never early.
class timer_ref {
public:
  timer_ref() = default;
  explicit timer_ref(core::timer* t) noexcept : timer_(t) {}
  timer_ref(timer_ref&& other) noexcept : timer_(std::exchange(other.timer_, nullptr)) {}
  timer_ref& operator=(timer_ref&& other) noexcept {
    std::swap(timer_, other.timer_);
    return *this;
  }
  ~timer_ref() {
    if (timer_ != nullptr)
      core::release_timer(timer_);
  }

  /// Stops it. The time that was left, or nothing if it had gone off already (the message may then still be
  /// in the mailbox) or was cancelled before. Any thread of the node.
  std::optional<std::chrono::milliseconds> cancel();

private:
  core::timer* timer_ = nullptr;
};

namespace detail {
timer_ref arm(pid to, core::envelope* mail, std::chrono::nanoseconds first, std::chrono::nanoseconds period,
              core::envelope* (*again)(const core::envelope&));
} // namespace detail

/// Sends `message` to `to` when the time is over. If the process is dead by then nothing happens. Any thread
/// of the node.
template <class T>
timer_ref send_after(std::chrono::nanoseconds time, pid to, T&& message) {
  return detail::arm(
      to, core::make_envelope<std::decay_t<T>>(core::envelope_kind::mail, std::forward<T>(message)), time,
      std::chrono::nanoseconds::zero(), nullptr);
}

/// Sends a copy of `message` every `period`, first after one period, until cancelled or `to` has ended. Late
/// ticks are caught up, so that the count stays right.
template <class T>
timer_ref send_interval(std::chrono::nanoseconds period, pid to, const T& message) {
  return detail::arm(to, core::make_envelope<T>(core::envelope_kind::mail, message), period, period,
                     [](const core::envelope& e) -> core::envelope* {
                       const auto& typed = static_cast<const core::typed_envelope<T>&>(e);
                       return core::make_envelope<T>(core::envelope_kind::mail, typed.value);
                     });
}

} // namespace perron::runtime
