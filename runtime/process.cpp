// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/node.hpp>

namespace perron::runtime {

using core::envelope_kind;
using core::process;

namespace detail {

core::process& current() {
  process* p = core::current_process();
  if (p == nullptr)
    throw not_a_process();
  return *p;
}

core::scheduler& current_scheduler() {
  if (const core::carrier* c = core::this_carrier(); c != nullptr)
    return c->sched;
  if (core::scheduler* s = node::scheduler_of_thread(); s != nullptr)
    return *s;
  throw not_a_process();
}

core::spawn_plan plan_of(const spawn_options& o, bool monitor) {
  if ((o.link || monitor) && core::current_process() == nullptr)
    throw not_a_process();
  core::spawn_plan plan;
  plan.name = o.name;
  plan.link = o.link;
  plan.monitor = monitor;
  plan.bound = o.mailbox_bound;
  plan.policy = o.when_full;
  plan.stack_bytes = o.stack_bytes;
  plan.worker = o.worker;
  plan.trap_exit = o.trap_exit;
  return plan;
}

void count_spawn() {
  if (process* p = core::current_process(); p != nullptr)
    core::spend(*p);
}

} // namespace detail

pid self() { return detail::current().self(); }

pid self_or_none() noexcept {
  process* p = core::current_process();
  return p != nullptr ? p->self() : pid();
}

void link(pid other) {
  process& me = detail::current();
  if (other == me.self())
    return;
  if (me.tied().links.contains_tie_to(other))
    return;
  const std::uint64_t number = core::fresh_number(*me.sched);
  me.tied().links.add({other, number});
  me.ties->asked_for_link = true;
  if (!core::push_signal(other, core::plain_signal(envelope_kind::link, me.self(), number)))
    core::push_signal(me.self(),
                      core::exit_envelope(envelope_kind::link_exit, other, exit_reason::noproc(), number));
}

void unlink(pid other) {
  process& me = detail::current();
  if (!me.ties)
    return;
  // a link the other side has just made may be on its way to us
  core::take_in(me);
  while (const auto gone = me.ties->links.remove_any(other))
    core::push_signal(other, core::plain_signal(envelope_kind::unlink, me.self(), gone->ref));
}

monitor_ref monitor(pid who) {
  process& me = detail::current();
  const monitor_ref ref{core::fresh_number(*me.sched)};
  me.tied().monitors.add({who, ref.value});
  if (!core::push_signal(who, core::plain_signal(envelope_kind::monitor, me.self(), ref.value))) {
    auto* e = core::make_envelope<down>(envelope_kind::down, down{ref, who, exit_reason::noproc()});
    e->from = {who, ref.value, 0};
    core::push_signal(me.self(), e);
  }
  return ref;
}

bool demonitor(monitor_ref ref, bool flush) {
  process& me = detail::current();
  if (!me.ties)
    return false;
  core::take_in(me);
  const auto gone = me.ties->monitors.remove(ref.value);
  if (gone)
    core::push_signal(gone->who, core::plain_signal(envelope_kind::demonitor, me.self(), ref.value));
  if (flush && !gone) {
    core::mail_queue::cursor at(me.mail, nullptr);
    while (core::envelope* e = at.peek()) {
      if (core::carries<down>(*e) && core::payload_of<down>(*e).ref == ref) {
        at.take();
        me.count_taken();
        core::destroy(e);
        core::grant_room(me);
        break;
      }
      at.skip();
    }
  }
  return gone.has_value();
}

bool trap_exit(bool on) {
  process& me = detail::current();
  core::take_in(me);
  return std::exchange(me.trap_exit, on);
}

void exit(exit_reason why) {
  detail::current();
  if (why.what() == exit_reason::kind::kill)
    why = exit_reason::killed();
  throw core::process_exit{std::move(why)};
}

void exit(pid who, exit_reason why) {
  process* me = core::current_process();
  core::push_signal(who, core::exit_envelope(envelope_kind::exit, self_or_none(), why, 0));
  if (me != nullptr && who == me->self()) {
    core::take_in(*me);
    core::check_exit(*me);
  }
}

bool alive(pid who) noexcept {
  const process* p = who.slot();
  return p != nullptr && p->id.load(std::memory_order_acquire) == who.id() && !p->door.is_closed();
}

void yield() {
  process& me = detail::current();
  core::yield_turn(me);
  core::take_in(me);
  core::check_exit(me);
}

void sleep_for(std::chrono::nanoseconds time) {
  process& me = detail::current();
  const auto ns = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(time.count(), 0));
  core::waiting wait(me, core::wait_kind::receive, me.sched->due_in(ns));
  while (wait.park()) {
  }
}

bool register_name(std::string name) {
  process& me = detail::current();
  if (name.empty() || !me.sched->names->add(name, me.self()))
    return false;
  me.named = true;
  return true;
}

bool unregister_name(std::string_view name) { return detail::current_scheduler().names->remove(name); }

pid whereis(std::string_view name) { return detail::current_scheduler().names->find(name); }

} // namespace perron::runtime
