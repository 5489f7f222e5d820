// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/caf/system_parts.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>

#include <caf/actor_cast.hpp>
#include <caf/group.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace perron::runtime::caf {

/// One timeout. It goes to a worker as an errand that arms it there, its home from then on.
///
/// | state   | stands in              | leaves it by                                                |
/// |---------|------------------------|-------------------------------------------------------------|
/// | posted  | the clock's list       | the errand -> armed; drop_all -> dropped                    |
/// | armed   | the list and the wheel | fire: acts and frees it; drop_all -> dropped, with an errand |
/// | dropped | a wheel, or nowhere    | the errand under way takes it out of the wheel and frees it |
///
/// All of it is guarded by the clock's lock, the wheel's links excepted, which belong to the home.
struct wheel_clock::timeout final : core::wheel_timer, core::runnable {
  timeout(wheel_clock& c, std::function<void()> f, std::uint64_t at)
      : wheel_timer(&fire), runnable(&errand), clock(c), action(std::move(f)), due_ms(at) {}

  static void errand(core::runnable& self, core::carrier& on) {
    auto& t = static_cast<timeout&>(self);
    bool wanted = false;
    {
      const std::lock_guard hold(t.clock.lock_);
      wanted = !t.dropped;
      if (wanted)
        t.home = on.own;
    }
    // from here on it may be dropped, but the errand for that comes to this worker and so after us
    if (wanted) {
      on.own->arm(t, t.due_ms);
      return;
    }
    on.own->disarm(t);
    end(t);
  }

  static void fire(core::wheel_timer& self, core::worker&) {
    auto& t = static_cast<timeout&>(self);
    {
      const std::lock_guard hold(t.clock.lock_);
      if (t.dropped)
        return; // the errand that frees it is on its way
      t.clock.pending_.erase(t.place);
    }
    t.action();
    end(t);
  }

  static void end(timeout& t) {
    std::atomic<std::size_t>& work = t.clock.work_;
    delete &t;
    // release: who finds no work left may free the clock
    work.fetch_sub(1, std::memory_order_release);
  }

  wheel_clock& clock;
  std::function<void()> action;
  const std::uint64_t due_ms;
  std::list<timeout*>::iterator place;
  core::worker* home = nullptr;
  bool dropped = false;
};

template <class F>
void wheel_clock::at(time_point t, F&& f) {
  // seq_cst, and in this order: see coordinator
  work_.fetch_add(1, std::memory_order_seq_cst);
  core::scheduler* s = sched_.load(std::memory_order_seq_cst);
  if (s == nullptr) {
    work_.fetch_sub(1, std::memory_order_release);
    return;
  }
  const auto wait = std::max(t - now(), duration_type::zero());
  const std::uint64_t due = s->due_in(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count()));
  auto* made = new timeout(*this, std::forward<F>(f), due);
  {
    const std::lock_guard hold(lock_);
    made->place = pending_.insert(pending_.end(), made);
  }
  s->schedule(*made);
}

void wheel_clock::drop_all() {
  std::vector<std::function<void()>> actions; // their actors may end with them, and then use the clock
  const std::lock_guard hold(lock_);
  for (timeout* t : std::exchange(pending_, {})) {
    actions.push_back(std::move(t->action));
    t->dropped = true;
    if (t->home != nullptr)
      t->home->post(*t);
  }
}

void wheel_clock::set_ordinary_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                                       std::uint64_t id) {
  at(t, [weak = ::caf::weak_actor_ptr(self->ctrl()), type, id] {
    if (const auto actor = weak.lock())
      actor->get()->eq_impl(::caf::make_message_id(), actor, nullptr, ::caf::timeout_msg{type, id});
  });
}

void wheel_clock::set_multi_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                                    std::uint64_t id) {
  set_ordinary_timeout(t, self, type, id);
}

void wheel_clock::set_request_timeout(time_point t, ::caf::abstract_actor* self, ::caf::message_id id) {
  at(t, [weak = ::caf::weak_actor_ptr(self->ctrl()), id] {
    if (const auto actor = weak.lock())
      actor->get()->eq_impl(id, actor, nullptr, ::caf::sec::request_timeout);
  });
}

void wheel_clock::schedule_message(time_point t, ::caf::strong_actor_ptr receiver,
                                   ::caf::mailbox_element_ptr content) {
  auto held = std::make_shared<::caf::mailbox_element_ptr>(std::move(content));
  at(t, [receiver = std::move(receiver), held] { receiver->enqueue(std::move(*held), nullptr); });
}

void wheel_clock::schedule_message(time_point t, ::caf::group target, ::caf::strong_actor_ptr sender,
                                   ::caf::message content) {
  at(t, [target = std::move(target), sender = std::move(sender), content = std::move(content)] {
    if (target)
      target.get()->enqueue(sender, ::caf::make_message_id(), content, nullptr);
  });
}

} // namespace perron::runtime::caf
