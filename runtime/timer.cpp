// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/timer.hpp>

#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/process.hpp>

#include <algorithm>

namespace perron::runtime {

std::optional<std::chrono::milliseconds> timer_ref::cancel() {
  core::timer* t = std::exchange(timer_, nullptr);
  if (t == nullptr)
    return std::nullopt;
  const std::uint64_t due = t->due_ms.load(std::memory_order_relaxed);
  core::scheduler& sched = t->home->sched;
  if (!core::cancel_timer(t))
    return std::nullopt;
  const std::uint64_t now = sched.now_ms() + 1; // the due time was rounded up, so this is as well
  return std::chrono::milliseconds(due > now ? due - now : 0);
}

namespace detail {

timer_ref arm(pid to, core::envelope* mail, std::chrono::nanoseconds first, std::chrono::nanoseconds period,
              core::envelope* (*again)(const core::envelope&)) {
  core::envelope_guard hold(mail);
  core::scheduler& sched = current_scheduler();
  const auto ns = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(first.count(), 0));
  const auto every = static_cast<std::uint64_t>(
      std::chrono::ceil<std::chrono::milliseconds>(std::max(period, std::chrono::nanoseconds(0))).count());
  core::timer* t = core::arm_timer(sched, mail, to, sched.due_in(ns), every, again);
  hold.held = nullptr;
  return timer_ref(t);
}

} // namespace detail
} // namespace perron::runtime
