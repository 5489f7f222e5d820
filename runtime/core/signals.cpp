// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/signals.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/waiting.hpp>

#include <utility>

namespace perron::runtime::core {

envelope* exit_envelope(envelope_kind kind, pid from, const exit_reason& why, std::uint64_t ref) {
  auto* e = make_envelope<exited>(kind, exited{from, why});
  e->from = {from, ref, 0};
  return e;
}

envelope* plain_signal(envelope_kind kind, pid from, std::uint64_t ref) {
  auto* e = make_envelope<nothing>(kind);
  e->from = {from, ref, 0};
  return e;
}

namespace {

bool push(pid to, envelope* e) noexcept {
  process* p = to.slot();
  if (p == nullptr || p->id.load(std::memory_order_relaxed) != to.id())
    return false;
  e->target = to.id();
  const envelope_kind kind = e->kind; // once pushed it is the receiver's
  switch (p->door.push(e)) {
  case doorway<envelope>::pushed::queued:
    return true;
  case doorway<envelope>::pushed::woke:
    if (kind == envelope_kind::call || kind == envelope_kind::reply)
      p->sched->schedule_next(*p);
    else
      p->sched->schedule(*p);
    return true;
  case doorway<envelope>::pushed::refused:
    break;
  }
  return false;
}

/// Asks for room in a full mailbox and waits until there may be some. False: the receiver is gone.
bool wait_for_room(process& self, pid to) {
  waiting wait(self, wait_kind::room);
  if (!push_signal(to, plain_signal(envelope_kind::room_wanted, self.self(), self.wait_seq)))
    return false;
  try {
    while (!self.woken)
      wait.park();
  } catch (...) {
    // the room that we may have been given is somebody else's now
    push_signal(to, plain_signal(envelope_kind::room_given_up, self.self(), wait.number()));
    throw;
  }
  return true;
}

void order_exit(process& p, exit_reason why, bool final) {
  if (p.exit_is_final)
    return;
  // The first order stands: an Erlang process would be dead by it. But who has met it already and still has
  // not ended can be killed in the midst of that.
  if (p.exit_pending && !(final && p.exit_met))
    return;
  p.exit_pending = true;
  p.exit_is_final = final;
  p.exit_with = std::move(why);
}

void as_mail(process& p, envelope* e) noexcept {
  e->kind = envelope_kind::mail;
  p.count_sent(p.id.load(std::memory_order_relaxed));
  p.mail.append(e);
}

/// OTP: what an exit signal does depends on the reason, on trapping, and on who sent it.
void on_exit_signal(process& p, envelope* e, bool from_link) {
  auto& signal = payload_of<exited>(*e);
  if (!from_link && signal.reason.what() == exit_reason::kind::kill) {
    order_exit(p, exit_reason::killed(), true);
  } else if (p.trap_exit) {
    as_mail(p, e);
    return;
  } else if (signal.reason.what() != exit_reason::kind::normal || (!from_link && signal.from == p.self())) {
    order_exit(p, signal.reason, false);
  }
  destroy(e);
}

void on_signal(process& p, envelope* e) {
  switch (e->kind) {
  case envelope_kind::mail:
    p.mail.append(e);
    return;
  case envelope_kind::call:
    // the caller is told if we end before we have answered
    p.tied().watchers.add({e->from.from, e->from.ref, true});
    p.mail.append(e);
    return;
  case envelope_kind::reply:
    if (e->from.ref == p.call_ref && p.call_reply == nullptr) {
      p.call_reply = e;
      return;
    }
    if (p.ties && p.ties->requests && p.ties->requests->keep(e->from.ref, e))
      return;
    break;
  case envelope_kind::exit:
    on_exit_signal(p, e, false);
    return;
  case envelope_kind::link_exit:
    if (p.ties && p.ties->links.remove(e->from.ref)) {
      // both sides may have asked for the link at once: that is two rows, but one link
      while (p.ties->asked_for_link && p.ties->links.remove_any(e->from.from)) {
      }
      on_exit_signal(p, e, true);
      return;
    }
    break;
  case envelope_kind::down:
    if (p.ties && p.ties->monitors.remove(e->from.ref)) {
      as_mail(p, e);
      return;
    }
    break;
  case envelope_kind::link:
    p.tied().links.add({e->from.from, e->from.ref});
    break;
  case envelope_kind::unlink:
    if (p.ties)
      p.ties->links.remove(e->from.ref);
    break;
  case envelope_kind::monitor:
    p.tied().watchers.add({e->from.from, e->from.ref});
    break;
  case envelope_kind::demonitor:
    if (p.ties)
      p.ties->watchers.remove(e->from.ref);
    break;
  case envelope_kind::timeout:
    p.in_timeout |= e->from.ref == p.wait_seq;
    break;
  case envelope_kind::wake:
    p.woken |= e->from.ref == p.wait_seq;
    break;
  case envelope_kind::room_wanted:
    p.tied().waiting_for_room.push_back({e->from.from, e->from.ref});
    grant_room(p);
    break;
  case envelope_kind::room_given_up:
    if (p.ties)
      std::erase_if(p.ties->waiting_for_room,
                    [&](const relation& r) { return r.who == e->from.from && r.ref == e->from.ref; });
    grant_room(p);
    break;
  case envelope_kind::overflowed:
    order_exit(p, exit_reason::custom("mailbox_full"), true);
    break;
  case envelope_kind::interrupt:
    if ((e->from.ref & p.ignored_interrupts) != 0)
      break;
    p.interrupted = true;
    if (!p.exit_pending)
      p.exit_with = payload_of<exited>(*e).reason;
    break;
  }
  destroy(e);
}

} // namespace

bool push_signal(pid to, envelope* e) noexcept {
  if (push(to, e))
    return true;
  destroy(e);
  return false;
}

namespace {

/// Counts one more in the bounded mailbox of process `id`, unless that makes more than `most`. The count
/// never goes over the bound, not for a moment: the receiver tells by it whether there is room for who waits.
delivery count_bounded(process& p, std::uint64_t id, std::uint32_t most) noexcept {
  std::uint64_t room = p.mail_room.load(std::memory_order_relaxed);
  std::uint64_t more = 0;
  do {
    if (room >> 32U != (id & 0xffff'ffffU))
      return delivery::no_process;
    const auto sent = static_cast<std::uint32_t>(room);
    if (sent - p.mail_taken.load(std::memory_order_relaxed) >= most)
      return delivery::full;
    more = (room >> 32U) << 32U | (sent + 1U); // it wraps within its half
  } while (!p.mail_room.compare_exchange_weak(room, more, std::memory_order_relaxed));
  return delivery::sent;
}

delivery count_mail(process& p, std::uint64_t id, bool always) noexcept {
  const std::uint32_t bound = p.bound.load(std::memory_order_relaxed);
  if (bound != 0)
    return count_bounded(p, id, always ? ~std::uint32_t(0) : bound);
  p.mail_sent.fetch_add(1, std::memory_order_relaxed);
  return delivery::sent;
}

} // namespace

void process::count_sent(std::uint64_t of) noexcept { count_mail(*this, of, true); }

delivery push_mail(pid to, envelope* e) {
  process* p = to.slot();
  if (p == nullptr || p->id.load(std::memory_order_relaxed) != to.id()) {
    destroy(e);
    return delivery::no_process;
  }
  for (delivery counted; (counted = count_mail(*p, to.id(), false)) != delivery::sent;) {
    process* self = current_process();
    const overflow policy = p->policy.load(std::memory_order_relaxed);
    if (counted == delivery::full && policy == overflow::wait && self != nullptr && self != p &&
        self->state.load(std::memory_order_relaxed) != process_state::exiting) {
      envelope_guard hold(e);
      if (!wait_for_room(*self, to))
        return delivery::no_process;
      hold.held = nullptr;
      continue;
    }
    destroy(e);
    if (counted == delivery::full && policy == overflow::kill)
      push_signal(to, plain_signal(envelope_kind::overflowed, to, 0));
    return counted;
  }
  if (push(to, e))
    return delivery::sent;
  destroy(e);
  return delivery::no_process;
}

void grant_room(process& p) {
  if (!p.ties)
    return;
  auto& waiters = p.ties->waiting_for_room;
  const std::uint32_t bound = p.bound.load(std::memory_order_relaxed);
  while (!waiters.empty() && p.mail_waiting() < bound) {
    const relation next = waiters.front();
    waiters.erase(waiters.begin());
    if (push_signal(next.who, plain_signal(envelope_kind::wake, p.self(), next.ref)))
      return;
  }
}

namespace {

/// Tells a watcher of `who`, who has ended.
void tell_watcher(pid who, const relation& watcher, const exit_reason& why) {
  if (watcher.is_call) {
    auto* e = make_envelope<call_failed>(envelope_kind::reply, call_failed{why});
    e->from = {who, watcher.ref, 0};
    push_signal(watcher.who, e);
  } else {
    auto* e = make_envelope<down>(envelope_kind::down, down{monitor_ref{watcher.ref}, who, why});
    e->from = {who, watcher.ref, 0};
    push_signal(watcher.who, e);
  }
}

/// Answers what was sent to `who` too late for it, if somebody waits for an answer.
void answer_for(pid who, const envelope& e, const exit_reason& why) {
  switch (e.kind) {
  case envelope_kind::link:
    push_signal(e.from.from, exit_envelope(envelope_kind::link_exit, who, why, e.from.ref));
    break;
  case envelope_kind::monitor:
    tell_watcher(who, {e.from.from, e.from.ref}, why);
    break;
  case envelope_kind::call:
    tell_watcher(who, {e.from.from, e.from.ref, true}, why);
    break;
  case envelope_kind::room_wanted:
    push_signal(e.from.from, plain_signal(envelope_kind::wake, who, e.from.ref));
    break;
  default:
    break;
  }
}

} // namespace

void take_in(process& p) {
  envelope* e = p.door.take_all();
  const std::uint64_t me = p.id.load(std::memory_order_relaxed);
  while (e != nullptr) {
    envelope* next = e->next;
    if (e->target == me) {
      on_signal(p, e);
    } else {
      // Its sender looked at the slot when the process it was for was still there, and was held up since.
      answer_for({&p, e->target}, *e, exit_reason::noproc());
      destroy(e);
    }
    e = next;
  }
}

void check_exit(process& p) {
  if (!p.exit_pending)
    return;
  p.exit_met = true;
  throw process_exit{p.exit_with};
}

namespace {

/// What arrived and will not be looked at any more: ties are answered, the rest is dropped.
void answer_late(process& p, const envelope& e, const exit_reason& why) {
  switch (e.kind) {
  case envelope_kind::unlink:
  case envelope_kind::link_exit:
    if (p.ties)
      p.ties->links.remove(e.from.ref);
    break;
  case envelope_kind::demonitor:
    if (p.ties)
      p.ties->watchers.remove(e.from.ref);
    break;
  default:
    answer_for(p.self(), e, why);
    break;
  }
}

void drop_list(envelope* e) noexcept {
  while (e != nullptr) {
    envelope* next = e->next;
    destroy(e);
    e = next;
  }
}

} // namespace

void tell_end(process& p, const exit_reason& why) noexcept {
  envelope* late = p.door.close();
  const std::uint64_t me = p.id.load(std::memory_order_relaxed);
  for (envelope* e = late; e != nullptr; e = e->next)
    if (e->target == me)
      answer_late(p, *e, why);
    else
      answer_for({&p, e->target}, *e, exit_reason::noproc());
  if (p.ties) {
    const std::unique_ptr<relations> ties = std::move(p.ties);
    for (const relation& link : ties->links.rows())
      push_signal(link.who, exit_envelope(envelope_kind::link_exit, p.self(), why, link.ref));
    for (const relation& watcher : ties->watchers.rows())
      tell_watcher(p.self(), watcher, why);
    for (const relation& monitor : ties->monitors.rows())
      push_signal(monitor.who, plain_signal(envelope_kind::demonitor, p.self(), monitor.ref));
    for (const relation& waiter : ties->waiting_for_room)
      push_signal(waiter.who, plain_signal(envelope_kind::wake, p.self(), waiter.ref));
  }
  drop_list(late);
  drop_list(p.mail.take_all());
  if (p.call_reply != nullptr)
    destroy(std::exchange(p.call_reply, nullptr));
}

} // namespace perron::runtime::core
