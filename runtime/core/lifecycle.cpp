// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/lifecycle.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/context_switch.hpp>
#include <perron/runtime/core/group_table.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <stdexcept>

namespace perron::runtime::core {
namespace {

/// Messages and spawns of one process before it gives way. At some hundred nanoseconds each that is a turn of
/// well under a millisecond.
constexpr std::int32_t turn_budget = 256;

stack* take_stack(process& p, worker* w) {
  scheduler& s = *p.sched;
  if (p.stack_bytes <= s.stacks.stack_bytes())
    return w != nullptr ? w->stacks.take(s.stacks) : s.stacks.take_one();
  return s.large_stacks(p.stack_bytes).take_one();
}

void return_stack(process& p, worker* w) noexcept {
  stack* s = std::exchange(p.own_stack, nullptr);
  p.context = nullptr;
  if (s == nullptr)
    return;
  s->cold = false;
  s->user.store(nullptr, std::memory_order_relaxed);
  if (s->bytes != p.sched->stacks.stack_bytes())
    p.sched->large_stacks(s->bytes).give_one(*s);
  else if (w != nullptr)
    w->stacks.give_back(*s, p.sched->stacks);
  else
    p.sched->stacks.give_one(*s);
}

/// Gives the slot back; on a carrier's own stack, when nothing runs on the process's any more.
void bury(process& p, worker* w, const exit_reason& why) noexcept {
  scheduler& s = *p.sched;
  return_stack(p, w);
  // a pid of the old process no longer matches from here on
  p.id.store(0, std::memory_order_relaxed);
  p.state.store(process_state::free, std::memory_order_relaxed);
  // if this gives false, the slot may already be another process's
  const bool slot_is_free =
      s.shell.retire == nullptr || s.shell.retire(s.shell.context, s.table.shell_of(p), p, why);
  if (slot_is_free) {
    if (w != nullptr)
      w->slots.give_back(p, s.table);
    else
      s.table.give_one(p);
  }
  if (w != nullptr)
    w->ended.add();
  else
    s.ended_elsewhere.fetch_add(1, std::memory_order_release);
}

void reset_record(process& p) noexcept {
  p.mail_room.store(p.id.load(std::memory_order_relaxed) << 32U, std::memory_order_relaxed);
  p.mail_sent.store(0, std::memory_order_relaxed);
  p.mail_taken.store(0, std::memory_order_relaxed);
  p.waits_for.store(wait_kind::none, std::memory_order_relaxed);
  p.reductions.store(0, std::memory_order_relaxed);
  p.throw_recorded = p.named = p.grouped = p.hibernated = p.interrupted = p.in_timeout = p.woken = false;
  p.ignored_interrupts = 0;
  p.exception_globals = {};
  p.saved_errno = 0;
  p.call_ref = 0;
  p.deadline_ms = 0;
  p.exit_pending = p.exit_is_final = p.exit_met = false;
  p.exit_with = {};
  p.budget = turn_budget;
}

/// Everything that happens between the end of the process function and the end of the process.
[[gnu::noinline]] void finish(process& p, const exit_reason& why) noexcept {
  p.state.store(process_state::exiting, std::memory_order_relaxed);
  scheduler& s = *p.sched;
  if (!why.orderly() && s.on_crash)
    s.on_crash(p, why);
  if (p.observer != nullptr)
    p.observer->process_ended(p, why);
  if (p.named)
    s.names->forget(p.self());
  if (p.grouped)
    s.groups->forget(p.self());
  p.exit_with = why;
  p.body.reset();
  tell_end(p, why);
}

enum class ending : std::uint8_t { finished, hibernates };

/// The reason of the exception under way; kept out of process_main to keep its frame small.
[[gnu::noinline]] exit_reason reason_of_current_exception(process& p) {
  const std::exception_ptr thrown = std::current_exception();
  p.throw_recorded = this_carrier()->throws.tells_of(thrown);
  return exit_reason::from_exception(thrown);
}

[[gnu::noinline]] ending run_body(process& p, exit_reason& why) {
  try {
    if (p.door.filled())
      take_in(p);
    check_exit(p);
    if (p.hibernated && p.mail.empty() && !p.interrupted)
      return ending::hibernates; // woken by a signal that is of no interest to it
    p.hibernated = false;
    p.body.run();
  } catch (const process_exit& e) {
    why = e.reason;
  } catch (const hibernation&) {
    p.hibernated = true;
    return ending::hibernates;
  } catch (...) {
    why = reason_of_current_exception(p);
  }
  return ending::finished;
}

} // namespace

process::process() noexcept : runnable(&run_process) {}

process& begin_spawn(scheduler& sched, const spawn_plan& plan, monitor_ref& ref) {
  process* parent = current_process();
  process* p = nullptr;
  {
    const inside engine;
    worker* w = engine.own();
    if (w != nullptr && &w->sched != &sched)
      w = nullptr;
    p = w != nullptr ? w->slots.take(sched.table) : sched.take_slot();
    p->id.store(w != nullptr ? w->new_id() : sched.take_ids(), std::memory_order_relaxed);
    if (p->sched == nullptr)
      p->sched = &sched;
    reset_record(*p);
    if (sched.shell.construct != nullptr)
      sched.shell.construct(sched.shell.context, sched.table.shell_of(*p), *p);
  }
  p->bound.store(plan.bound, std::memory_order_relaxed);
  p->policy.store(plan.policy, std::memory_order_relaxed);
  const int pinned = plan.worker < 0 ? -1 : plan.worker % static_cast<int>(sched.workers.size());
  p->pinned.store(static_cast<std::int8_t>(pinned), std::memory_order_relaxed);
  p->trap_exit = plan.trap_exit;
  p->stack_bytes = plan.stack_bytes;
  p->observer = plan.observer;
  p->observer_data = plan.observer_data;
  p->ancestors = {plan.parent};
  if (parent != nullptr && parent->sched == &sched) {
    p->ancestors = {parent->self(), parent->ancestors[0], parent->ancestors[1]};
    p->deadline_ms = 0;
    if (plan.link) {
      const std::uint64_t number = fresh_number(sched);
      parent->tied().links.add({p->self(), number});
      p->tied().links.add({parent->self(), number});
    }
    if (plan.monitor) {
      ref.value = fresh_number(sched);
      parent->tied().monitors.add({p->self(), ref.value});
      p->tied().watchers.add({parent->self(), ref.value});
    }
  }
  if (!plan.name.empty()) {
    // whoever finds it by its name may send to it at once
    p->door.open();
    if (!sched.names->add(plan.name, p->self())) {
      abandon_spawn(*p);
      throw name_taken("perron: spawn: the name '" + plan.name + "' is taken");
    }
    p->named = true;
  }
  return *p;
}

void commit_spawn(process& p) noexcept {
  p.initial = p.body.type();
  if (p.door.is_closed())
    p.door.open();
  const inside engine;
  if (worker* w = engine.own(); w != nullptr && &w->sched == p.sched)
    w->spawned.add();
  else
    p.sched->spawned_elsewhere.fetch_add(1, std::memory_order_relaxed);
  p.sched->schedule(p);
}

void abandon_spawn(process& p) noexcept {
  if (p.named)
    p.sched->names->forget(p.self());
  p.body.reset();
  if (p.ties) {
    if (process* parent = current_process(); parent != nullptr && parent->ties) {
      for (const relation& link : p.ties->links.rows())
        parent->ties->links.remove(link.ref);
      for (const relation& watcher : p.ties->watchers.rows())
        parent->ties->monitors.remove(watcher.ref);
    }
    p.ties.reset();
  }
  // who has found it by its name is told that there is no such process
  tell_end(p, exit_reason::noproc());
  const inside engine;
  p.sched->spawned_elsewhere.fetch_add(1, std::memory_order_relaxed);
  bury(p, engine.own(), exit_reason::normal());
}

void run_process(runnable& self, carrier& on) {
  auto& p = static_cast<process&>(self);
  if (p.own_stack == nullptr) {
    p.own_stack = take_stack(p, on.own);
    p.own_stack->user.store(&p, std::memory_order_release);
    prepare_context(p);
  }
  const std::uint32_t taken = p.mail_taken.load(std::memory_order_relaxed);
  on.current = &p;
  p.budget = turn_budget;
  p.state.store(process_state::running, std::memory_order_relaxed);
  on.gate.leave();
  switch_in(on, p);
  on.current = nullptr;
  p.reductions.store(p.reductions.load(std::memory_order_relaxed) +
                         static_cast<std::uint64_t>(turn_budget - p.budget),
                     std::memory_order_relaxed);
  if (on.own != nullptr)
    on.own->messages.add(p.mail_taken.load(std::memory_order_relaxed) - taken);
  switch (on.after) {
  case after_switch::yield:
    break;
  case after_switch::hibernate:
    return_stack(p, on.own);
    p.exception_globals = {};
    if (!p.mail.empty())
      break; // mail was taken in already
    [[fallthrough]];
  case after_switch::park:
    p.state.store(on.after == after_switch::park ? process_state::waiting : process_state::hibernating,
                  std::memory_order_relaxed);
    if (p.door.park())
      return; // from here on somebody else may own it
    break;    // something has come in meanwhile
  case after_switch::finished: {
    const exit_reason why = std::move(p.exit_with);
    bury(p, on.own, why);
    return;
  }
  }
  // behind the others: who answers it as fast as it asks must not keep them from their turns
  p.sched->schedule(p);
}

void process_main(process& p) noexcept {
  exit_reason why;
  const ending how = run_body(p, why);
  if (how == ending::hibernates) {
    enter_engine(*this_carrier());
    this_carrier()->after = after_switch::hibernate;
    return;
  }
  finish(p, why);
  why = {};
  enter_engine(*this_carrier());
  this_carrier()->after = after_switch::finished;
}

void end_by_terminate() noexcept {
  carrier* c = this_carrier();
  if (c == nullptr || c->current == nullptr || c->gate.is_inside())
    return;
  process& p = *c->current;
  if (p.state.load(std::memory_order_relaxed) == process_state::exiting)
    return;
  exit_reason why(exit_reason::kind::terminated);
  if (const std::exception_ptr thrown = std::current_exception(); thrown != nullptr) {
    p.throw_recorded = c->throws.tells_of(thrown);
    const exit_reason cause = exit_reason::from_exception(thrown);
    why = exit_reason(exit_reason::kind::terminated, cause.text(), cause.type());
  }
  finish(p, why);
  p.sched->abandoned_stacks.fetch_add(1, std::memory_order_relaxed);
  c = this_carrier();
  enter_engine(*c);
  c->after = after_switch::finished;
  switch_out_for_good();
}

void yield_turn(process& p) {
  if (p.state.load(std::memory_order_relaxed) != process_state::running)
    return; // it is ending: nothing may switch it out any more
  suspend(after_switch::yield);
}

parked_hold::parked_hold(process& p) noexcept : held_(p.door.unpark() ? &p : nullptr) {}

parked_hold::~parked_hold() {
  if (held_ != nullptr && !held_->door.park())
    held_->sched->schedule(*held_); // something came in meanwhile, and its sender left the waking to us
}

} // namespace perron::runtime::core
