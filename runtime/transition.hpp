// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/state_machine_queue.hpp>
#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/message.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace perron::runtime {

/// Event of a state machine: its state timeout is over.
struct state_timed_out {};
/// Event of a state machine: nothing happened for the time of its event timeout.
struct event_timed_out {};
/// Event of a state machine: the timeout of that name is over.
struct timed_out {
  std::string name;
};

namespace detail {

struct envelope_deleter {
  void operator()(core::envelope* e) const noexcept { core::destroy(e); }
};

/// What a callback of a state machine wants beside a change of state.
struct machine_wishes {
  struct timeout {
    core::timeout_id id;
    std::chrono::nanoseconds time;
  };
  struct answer {
    caller to;
    std::unique_ptr<core::envelope, envelope_deleter> reply;
  };

  bool repeat = false;
  bool postpone = false;
  std::optional<exit_reason> stop{};
  std::vector<any_message> inserted{};
  std::vector<timeout> timeouts{};
  std::vector<answer> answers{};
};

} // namespace detail

/// The part that `actions` and `transition` share: each function adds one action and gives the object on, so
/// that they can be chained. Actions of a kind are done in the order given (OTP gen_statem: action()).
template <class Self>
class with_actions {
public:
  /// Keeps the event until the state changes; then it comes again, before other mail and in its old order.
  Self&& postpone() {
    wishes_.postpone = true;
    return me();
  }

  /// Answers a call, as reply() does.
  template <class T>
  Self&& reply(const caller& to, T&& value) {
    wishes_.answers.push_back(
        {to, std::unique_ptr<core::envelope, detail::envelope_deleter>(
                 core::make_envelope<std::decay_t<T>>(core::envelope_kind::reply, std::forward<T>(value)))});
    return me();
  }
  Self&& reply(const caller& to) { return reply(to, core::nothing{}); }

  /// An event to handle next, before all that waits already, as if it had been cast.
  template <class T>
  Self&& insert(T&& event) {
    wishes_.inserted.emplace_back(
        core::make_envelope<std::decay_t<T>>(core::envelope_kind::mail, std::forward<T>(event)));
    return me();
  }

  /// handle(state, state_timed_out) after this time, unless the state changes first. Of the new state, if
  /// this step goes to one. For all timeouts: one that is set again starts anew; no_timeout cancels it; zero
  /// is told before any mail that is not taken yet; resolution one millisecond, never early.
  Self&& state_timeout(std::chrono::nanoseconds time) { return timeout({.what = kind::state}, time); }
  /// handle(state, event_timed_out) if there is no event for this time, of whatever kind.
  Self&& event_timeout(std::chrono::nanoseconds time) { return timeout({.what = kind::event}, time); }
  /// handle(state, timed_out) with this name after this time, whatever happens meanwhile.
  Self&& timeout(std::string name, std::chrono::nanoseconds time) {
    return timeout({.what = kind::named, .name = std::move(name)}, time);
  }
  Self&& cancel_state_timeout() { return state_timeout(std::chrono::nanoseconds::max()); }
  Self&& cancel_timeout(std::string name) {
    return timeout(std::move(name), std::chrono::nanoseconds::max());
  }

  /// For the process behind it.
  detail::machine_wishes& wishes() noexcept { return wishes_; }

private:
  using kind = core::timeout_id::kind;

  Self&& timeout(core::timeout_id id, std::chrono::nanoseconds time) {
    wishes_.timeouts.push_back({std::move(id), time});
    return me();
  }
  Self&& me() noexcept { return static_cast<Self&&>(*this); }

  detail::machine_wishes wishes_;
};

/// A step that stays in the state, made by keep_state() and its like; and what an enter callback gives.
class actions : public with_actions<actions> {};

/// The state stays (OTP keep_state).
inline actions keep_state() { return {}; }
/// As keep_state(), and the state is entered once more: the enter callback runs (OTP repeat_state).
inline actions repeat_state() {
  actions made;
  made.wishes().repeat = true;
  return made;
}
/// The event waits for another state: keep_state().postpone().
inline actions postpone() { return keep_state().postpone(); }
/// The machine ends, after the replies of this step were sent (OTP stop, stop_and_reply).
inline actions stop_machine(exit_reason why = exit_reason::normal()) {
  actions made;
  made.wishes().stop = std::move(why);
  return made;
}

/// What a callback of a state machine gives: the state to go to, or actions alone. Converts from both.
template <class State>
class transition : public with_actions<transition<State>> {
public:
  transition(State to) : next_(std::move(to)) {}
  transition(actions stay) { this->wishes() = std::move(stay.wishes()); }

  /// For the process behind it; nothing: stay.
  std::optional<State>& next() noexcept { return next_; }

private:
  std::optional<State> next_;
};

/// Goes to that state; if it is the one there is, as keep_state() (OTP next_state).
template <class State>
transition<State> next_state(State to) {
  return {std::move(to)};
}

} // namespace perron::runtime
