// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/behaviour.hpp>
#include <perron/runtime/server.hpp>
#include <perron/runtime/system.hpp>
#include <perron/runtime/transition.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace perron::runtime {
namespace detail {

struct which_state {};

/// Between two events that are handled without a look at the mailbox: lets others run, and ends if told to.
void between_events();
std::uint64_t node_time_ms();
/// The order that a wish for a timeout stands for, from now on.
core::timeout_order order_of(machine_wishes::timeout&& wish);
/// Sends the answers, and ends the process if that was wished for.
void answer_or_stop(machine_wishes& wishes);
std::chrono::nanoseconds time_until(std::uint64_t due_ms);
/// Throws what is wrong with wishes of an enter callback, if anything.
void check_entry(const machine_wishes& wishes);

/// One state machine at work: an M, and the events it has not done with.
template <class M>
class state_machine_loop {
  using state = typename M::state;
  using queue = core::state_machine_queue<state, any_message>;
  using item = typename queue::item;

public:
  static void run(std::unique_ptr<M> machine) {
    auto events = std::make_unique<queue>(state(machine->initial));
    run_from(std::move(machine), std::move(events), true);
  }

private:
  state_machine_loop(std::unique_ptr<M>& machine, std::unique_ptr<queue>& events)
      : machine_(machine), events_(events), system_(machine) {}

  static void run_from(std::unique_ptr<M> machine, std::unique_ptr<queue> events, bool first) {
    run_to_the_end(machine, [&] {
      state_machine_loop loop(machine, events);
      if (first)
        loop.enter(events->state());
      for (;;) {
        loop.handle_queued();
        loop.system_.wait_while_suspended();
        loop.handle_mail();
      }
    });
  }

  void handle_queued() {
    while (auto next = events_->next(events_->timeouts() == 0 ? 0 : node_time_ms(), false)) {
      handle(std::move(*next));
      between_events();
    }
  }

  void handle_mail() {
    receive(
        parent_clause(), system_.clause(),
        [this](const caller& from, which_state) { runtime::reply(from, events_->state()); },
        [this](any_message mail) {
          events_->begin();
          handle(item(std::move(mail)));
        },
        after(patience(), [this] { on_silence(); }));
  }

  std::chrono::nanoseconds patience() const {
    if (events_->timeouts() != 0)
      return time_until(events_->next_due_ms());
    if constexpr (requires { machine_->hibernate_after; })
      return machine_->hibernate_after;
    return no_timeout;
  }

  void on_silence() {
    if (auto due = events_->next(node_time_ms(), true)) {
      handle(std::move(*due));
      return;
    }
    if constexpr (requires { machine_->hibernate_after; })
      if (events_->timeouts() == 0)
        hibernate([machine = std::move(machine_), events = std::move(events_)]() mutable {
          run_from(std::move(machine), std::move(events), false);
        });
  }

  void handle(item what) {
    transition<state> to = std::holds_alternative<any_message>(what)
                               ? dispatch(std::get<any_message>(what), typename calls_of<M>::type{},
                                          typename casts_of<M>::type{})
                               : dispatch(std::get<core::timeout_id>(what));
    machine_wishes& wishes = to.wishes();
    answer_or_stop(wishes);
    typename queue::step step;
    step.next = std::move(to.next());
    step.repeat = wishes.repeat;
    step.postpone = wishes.postpone;
    step.inserted = std::move(wishes.inserted);
    for (auto& each : wishes.timeouts)
      step.timeouts.push_back(order_of(std::move(each)));
    const state before = events_->state();
    if (events_->finish(std::move(what), std::move(step)))
      enter(before);
  }

  void enter([[maybe_unused]] const state& before) {
    if constexpr (requires { machine_->enter(events_->state(), before); }) {
      if constexpr (std::is_void_v<decltype(machine_->enter(events_->state(), before))>) {
        machine_->enter(events_->state(), before);
      } else {
        actions wanted = machine_->enter(events_->state(), before);
        check_entry(wanted.wishes());
        answer_or_stop(wanted.wishes());
        for (auto& each : wanted.wishes().timeouts)
          events_->order(order_of(std::move(each)));
      }
    }
  }

  template <class... Calls, class... Casts>
  transition<state> dispatch(any_message& mail, protocol<Calls...>, protocol<Casts...>) {
    std::optional<transition<state>> to;
    static_cast<void>((try_call<Calls>(mail, to) || ...) || (try_cast<Casts>(mail, to) || ...));
    if (to)
      return std::move(*to);
    if constexpr (requires { machine_->handle(events_->state(), mail); })
      return step_of([&] { return machine_->handle(events_->state(), mail); });
    else
      return keep_state();
  }

  template <class T>
  bool try_call(any_message& mail, std::optional<transition<state>>& to) {
    T* request = mail.is_call() ? mail.get_if<T>() : nullptr;
    if (request == nullptr)
      return false;
    const core::serving_deadline bounded(current(), mail.from().deadline_ms);
    to = step_of([&] { return machine_->handle(events_->state(), *request, mail.from()); });
    return true;
  }

  template <class T>
  bool try_cast(any_message& mail, std::optional<transition<state>>& to) {
    T* event = mail.is_call() ? nullptr : mail.get_if<T>();
    if (event == nullptr)
      return false;
    to = step_of([&] { return machine_->handle(events_->state(), *event); });
    return true;
  }

  transition<state> dispatch(const core::timeout_id& id) {
    switch (id.what) {
    case core::timeout_id::kind::state:
      return dispatch_timeout(state_timed_out{});
    case core::timeout_id::kind::event:
      return dispatch_timeout(event_timed_out{});
    case core::timeout_id::kind::named:
      break;
    }
    return dispatch_timeout(timed_out{id.name});
  }

  template <class T>
  transition<state> dispatch_timeout(T event) {
    if constexpr (requires { machine_->handle(events_->state(), event); })
      return step_of([&] { return machine_->handle(events_->state(), event); });
    else
      throw std::logic_error("a state machine has set a timeout that it does not handle");
  }

  template <class F>
  static transition<state> step_of(F&& callback) {
    if constexpr (std::is_void_v<decltype(callback())>) {
      callback();
      return keep_state();
    } else {
      return callback();
    }
  }

  std::unique_ptr<M>& machine_;
  std::unique_ptr<queue>& events_;
  system_side<M> system_;
};

} // namespace detail

/// Starts a state machine, a process around an object of class M in the shape of OTP's gen_statem, and waits
/// until it is up, as start_server() does, with the same errors. For what depends on what happened before: a
/// protocol, a door, a connection that is tried again. If there is one state, a server is simpler.
///
///     struct door {
///       enum class state { locked, open };      // or any type that can be copied and compared
///       state initial = state::locked;
///       using casts = protocol<button>;         // transition<state> or void handle(state, T&)
///       using calls = protocol<ring>;           // the same with a caller: handle(state, T&, caller)
///       explicit door(std::string code);
///
///       transition<state> handle(state at, const button& b) {
///         if (at == state::open)
///           return postpone();                  // it comes again when the door is locked
///         entered += b.digit;
///         if (entered == code)
///           return state::open;                 // or next_state(state::open), with actions
///         return keep_state().event_timeout(3s);
///       }
///       void handle(state, event_timed_out) { entered.clear(); }
///       transition<state> handle(state, state_timed_out) { return state::locked; }
///       transition<state> handle(state, ring&, caller from) { return keep_state().reply(from, true); }
///       void handle(state, any_message&);       // optional: everything else; dropped without it
///
///       actions enter(state now, state before); // optional, or void: after each change of state, and first
///       of all
///                                               // with initial twice; may set timeouts, reply and stop
///       void terminate(const exit_reason&);     // optional: last words
///     };
///
/// Events are handed over as lvalues: a callback that takes by reference and does not postpone may move them
/// out. The rules and their order are in core/state_machine_queue.hpp. A timeout that M does not handle ends
/// it. stop_machine(), or stop_server thrown, ends it in order; other exceptions crash it. Callers whose
/// calls were postponed or not answered are told as by a server's end. With a public hibernate_after, as in a
/// server, it gives its stack back when it is silent for so long and no timeout is set. Requests of
/// system.hpp are served.
///
/// Timeouts cost no timer each: the machine waits for the next one. Costs per event as a server's, and the
/// look at the clock while a timeout is set.
template <class M, class... Args>
result<pid> start_state_machine(const spawn_options& options, Args&&... args) {
  return detail::start_behaviour<M, detail::state_machine_loop<M>>(start_options{.spawn = options},
                                                                   std::forward<Args>(args)...);
}
template <class M, std::same_as<start_options> Options, class... Args>
result<pid> start_state_machine(const Options& options, Args&&... args) {
  return detail::start_behaviour<M, detail::state_machine_loop<M>>(options, std::forward<Args>(args)...);
}

/// The state a state machine of class M is in; a call, with the errors of one.
template <class M>
result<typename M::state> state_of(pid machine, std::chrono::nanoseconds timeout = default_call_timeout) {
  return call<typename M::state>(machine, detail::which_state{}, timeout);
}

} // namespace perron::runtime
