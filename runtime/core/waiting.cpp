// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/waiting.hpp>

#include <perron/runtime/core/context_switch.hpp>
#include <perron/runtime/core/fetch.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <utility>

namespace perron::runtime::core {
namespace {

/// True: something has arrived without a switch to the worker and back.
bool linger(const process& p) noexcept {
  const inside engine;
  worker* w = engine.own();
  if (w == nullptr || !w->expects_mail() || !w->linger(p))
    return false;
  // to the watchdog it is a turn
  std::atomic<std::uint64_t>& turns = engine.on()->turns;
  turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  // it has come from another processor's cache, and is asked for together with the door, which take_in writes
  const auto newest = reinterpret_cast<std::uintptr_t>(p.door.newest());
  fetch_to_write(newest);
  fetch_to_write(newest + cache_line);
  return true;
}

} // namespace

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
    if (!linger(p)) {
      p.waits_for.store(what_, std::memory_order_relaxed);
      suspend(after_switch::park); // the carrier parks it unless something has arrived
      p.waits_for.store(wait_kind::none, std::memory_order_relaxed);
    }
    take_in(p);
  }
  if (may_be_ended)
    check_exit(p);
  return true;
}

void waiting::end_timer() noexcept { cancel_timer(std::exchange(process_.wait_timer, nullptr)); }

} // namespace perron::runtime::core
