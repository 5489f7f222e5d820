// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/timer.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <utility>
#include <vector>

namespace perron::runtime::core {
namespace {

/// An errand to the home worker. The first one of a timer armed elsewhere brings the wheel's reference, a
/// later one that of who cancelled.
void home_errand(runnable& self, carrier&) {
  auto& t = static_cast<timer&>(self);
  worker& w = *t.home;
  // acq_rel: who cancels and still finds the errand on its way has cancelled before we look at the state
  t.on_its_way.exchange(false, std::memory_order_acq_rel);
  if (std::exchange(t.arriving, false)) {
    if (t.state.load(std::memory_order_acquire) == timer::status::armed) {
      w.arm(t, t.due_ms.load(std::memory_order_relaxed));
      return;
    }
    w.timers_gone.add();
  } else if (timing_wheel::linked(t)) {
    w.disarm(t);
    w.timers_gone.add();
    release_timer(&t);
  }
  release_timer(&t);
}

void go_off(wheel_timer& base, worker& w) {
  auto& t = static_cast<timer&>(base);
  if (t.period_ms != 0 && t.state.load(std::memory_order_relaxed) == timer::status::armed) {
    if (push_mail(t.target, t.again(*t.mail)) != delivery::no_process) {
      // from the tick it was due at, so that the period does not drift with the load
      const std::uint64_t next = t.due_ms.load(std::memory_order_relaxed) + t.period_ms;
      t.due_ms.store(next, std::memory_order_relaxed);
      w.arm(t, next);
      return;
    }
  }
  auto expected = timer::status::armed;
  // acq_rel: who wins owns the mail
  if (t.state.compare_exchange_strong(expected, timer::status::fired, std::memory_order_acq_rel)) {
    envelope* mail = std::exchange(t.mail, nullptr);
    if (t.period_ms != 0)
      destroy(mail);
    else if (mail->kind == envelope_kind::mail)
      push_mail(t.target, mail);
    else
      push_signal(t.target, mail);
  }
  w.timers_gone.add();
  release_timer(&t);
}

} // namespace

timer::timer(envelope* what, pid to, worker* at, std::uint64_t period) noexcept
    : wheel_timer(&go_off), runnable(&home_errand), home(at), mail(what), target(to), period_ms(period) {}

timer* arm_timer(scheduler& sched, envelope* mail, pid to, std::uint64_t due_ms, std::uint64_t period_ms,
                 envelope* (*again)(const envelope&)) {
  const inside engine;
  worker* w = engine.own();
  const bool here = w != nullptr && &w->sched == &sched;
  worker* home = here ? w : sched.workers.front().get();
  void* memory = allocate(sizeof(timer), alignof(timer));
  auto* t = ::new (memory) timer(mail, to, home, period_ms);
  t->due_ms.store(due_ms, std::memory_order_relaxed);
  t->again = again;
  if (here) {
    w->timers_armed.add();
    w->arm(*t, due_ms);
  } else {
    sched.timers_armed_elsewhere.fetch_add(1, std::memory_order_relaxed);
    t->arriving = true;
    t->on_its_way.store(true, std::memory_order_relaxed);
    home->post(*t);
  }
  return t;
}

void release_timer(timer* t) noexcept {
  // acq_rel: whoever frees it must see what the other holder did
  if (t->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  if (t->mail != nullptr)
    destroy(t->mail);
  t->~timer();
  deallocate(t, sizeof(timer), alignof(timer));
}

void free_message_timers(worker& w) {
  std::vector<wheel_node*> others;
  w.wheel.drain([&](wheel_node& node) {
    auto& t = static_cast<wheel_timer&>(node);
    if (t.fire == &go_off)
      go_off(t, w); // its process is dead: it only frees itself
    else
      others.push_back(&node);
  });
  for (wheel_node* node : others)
    w.wheel.arm(*node, node->due);
}

bool cancel_timer(timer* t) noexcept {
  auto expected = timer::status::armed;
  if (!t->state.compare_exchange_strong(expected, timer::status::cancelled, std::memory_order_acq_rel)) {
    release_timer(t);
    return false;
  }
  const inside engine;
  if (engine.own() == t->home) {
    if (timing_wheel::linked(*t)) {
      t->home->disarm(*t);
      t->home->timers_gone.add();
      release_timer(t);
    } // else its first errand is still on the way and will find it cancelled
    release_timer(t);
  } else if (t->on_its_way.exchange(true, std::memory_order_acq_rel)) {
    release_timer(t); // it will be found cancelled when it arrives
  } else {
    t->home->post(*t); // our reference goes with the errand
  }
  return true;
}

} // namespace perron::runtime::core
