// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/state_machine.hpp>

#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

namespace perron::runtime::detail {

void between_events() {
  core::process& me = current();
  core::spend(me);
  core::take_in(me);
  core::check_exit(me);
}

std::uint64_t node_time_ms() { return current().sched->now_ms(); }

core::timeout_order order_of(machine_wishes::timeout&& wish) {
  std::uint64_t due = core::timeout_order::at_once;
  if (wish.time == no_timeout)
    due = core::timeout_order::never;
  else if (wish.time.count() > 0)
    due = current().sched->due_in(static_cast<std::uint64_t>(wish.time.count()));
  return {.id = std::move(wish.id), .due_ms = due};
}

void answer_or_stop(machine_wishes& wishes) {
  for (auto& each : wishes.answers)
    send_reply(each.to, each.reply.release());
  if (wishes.stop)
    throw stop_server{std::move(*wishes.stop)};
}

std::chrono::nanoseconds time_until(std::uint64_t due_ms) {
  const std::uint64_t now = node_time_ms();
  return std::chrono::milliseconds(due_ms > now ? due_ms - now : 0);
}

void check_entry(const machine_wishes& wishes) {
  if (wishes.postpone || wishes.repeat || !wishes.inserted.empty())
    throw std::logic_error(
        "a state was entered with an action that is none for that: postpone, repeat or insert");
}

} // namespace perron::runtime::detail
