// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/waiting.hpp>

#include <perron/runtime/core/context_switch.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <utility>

namespace perron::runtime::core {

bool waiting::park() {
  process& p = process_;
  const bool may_be_ended = what_ != wait_kind::blocking;
  if (p.door.filled()) {
    take_in(p);
  } else {
    if (p.in_timeout || due_ms_ == 0)
      return false;
    if (due_ms_ != forever && p.wait_timer == nullptr)
      p.wait_timer =
          arm_timer(*p.sched, plain_signal(envelope_kind::timeout, p.self(), p.wait_seq), p.self(), due_ms_);
    if (may_be_ended)
      check_exit(p);
    if (p.interrupted && (what_ == wait_kind::receive || what_ == wait_kind::call))
      throw process_exit{p.exit_with};
    p.waits_for.store(what_, std::memory_order_relaxed);
    suspend(after_switch::park); // the carrier parks it unless something has arrived
    p.waits_for.store(wait_kind::none, std::memory_order_relaxed);
    take_in(p);
  }
  if (may_be_ended)
    check_exit(p);
  return true;
}

void waiting::end_timer() noexcept { cancel_timer(std::exchange(process_.wait_timer, nullptr)); }

} // namespace perron::runtime::core
