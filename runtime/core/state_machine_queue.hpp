// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace perron::runtime::core {

/// Which of the timeouts of a state machine: that of its state, that of its last event, or one by name.
struct timeout_id {
  enum class kind : std::uint8_t { state, event, named };
  kind what = kind::state;
  std::string name{};

  friend bool operator==(const timeout_id&, const timeout_id&) = default;
};

/// Sets a timeout, in the place of a former one of the same id, or cancels it.
struct timeout_order {
  static constexpr std::uint64_t at_once = 0;
  static constexpr std::uint64_t never = ~std::uint64_t(0);

  timeout_id id;
  std::uint64_t due_ms = never; ///< never: cancel
};

/// What a callback decided.
template <class State, class Event>
struct state_machine_step {
  std::optional<State> next{}; ///< nothing: stay
  bool repeat = false;         ///< enter the state again, as it is
  bool postpone = false;       ///< the event, until the state changes
  std::vector<Event> inserted{};
  std::vector<timeout_order> timeouts{};
};

/// The rules of gen_statem, without process, clock or callbacks: which event comes next, and what a step does
/// with the events and timeouts there are. Used by one process; time is a number of milliseconds that is
/// given to it. One round:
///
///     next(now), or if it has nothing: take mail and call begin()   -> what to handle
///     the callback, with state()                                     -> a step
///     finish(what was handled, step)                                 -> whether the state is to be entered
///     the enter callback, if so                                      -> order() for each of its timeouts
template <class State, class Event>
class state_machine_queue {
public:
  using item = std::variant<Event, timeout_id>;
  using step = state_machine_step<State, Event>;

  explicit state_machine_queue(State initial) : state_(std::move(initial)) {}

  const State& state() const noexcept { return state_; }
  std::size_t postponed() const noexcept { return postponed_.size(); }
  std::size_t timeouts() const noexcept { return timeouts_.size(); }

  /// What is to be handled before any mail is taken. Queued events come first, then timeouts of no time in
  /// the order set, then those that are due, earliest first. The event timeout is due only if there is no
  /// mail.
  std::optional<item> next(std::uint64_t now_ms, bool no_mail) {
    if (!queue_.empty()) {
      std::optional<item> first(std::move(queue_.front()));
      queue_.pop_front();
      begin();
      return first;
    }
    const auto first =
        std::min_element(timeouts_.begin(), timeouts_.end(),
                         [&](const auto& a, const auto& b) { return rank(a, no_mail) < rank(b, no_mail); });
    if (first == timeouts_.end() || rank(*first, no_mail) > now_ms)
      return std::nullopt;
    std::optional<item> due(std::in_place, std::in_place_type<timeout_id>, std::move(first->id));
    timeouts_.erase(first);
    begin();
    return due;
  }

  /// When next() will have something though no mail comes; never if it will not.
  std::uint64_t next_due_ms() const noexcept {
    std::uint64_t due = queue_.empty() ? timeout_order::never : timeout_order::at_once;
    for (const timeout_order& each : timeouts_)
      due = std::min(due, each.due_ms);
    return due;
  }

  /// An event is about to be handled: it cancels the event timeout, whatever it is.
  void begin() { cancel({.what = timeout_id::kind::event}); }

  /// Applies what the callback for `handled` decided, in the order of OTP: postpone; on a change of state,
  /// retry all that was postponed, oldest first, and cancel the state timeout; insert; set timeouts. True:
  /// the state is entered.
  bool finish(item handled, step decided) {
    if (decided.postpone)
      postponed_.push_back(std::move(handled));
    const bool changes = decided.next && !(*decided.next == state_);
    if (changes) {
      state_ = std::move(*decided.next);
      queue_.insert(queue_.begin(), std::move_iterator(postponed_.begin()),
                    std::move_iterator(postponed_.end()));
      postponed_.clear();
      cancel({.what = timeout_id::kind::state});
    }
    for (auto event = decided.inserted.rbegin(); event != decided.inserted.rend(); ++event)
      queue_.emplace_front(std::move(*event));
    for (timeout_order& each : decided.timeouts)
      order(std::move(each));
    return changes || decided.repeat;
  }

  void order(timeout_order what) {
    cancel(what.id);
    if (what.due_ms != timeout_order::never)
      timeouts_.push_back(std::move(what));
  }

private:
  static std::uint64_t rank(const timeout_order& each, bool no_mail) noexcept {
    const bool waits =
        each.id.what == timeout_id::kind::event && each.due_ms != timeout_order::at_once && !no_mail;
    return waits ? timeout_order::never : each.due_ms;
  }
  void cancel(const timeout_id& id) {
    std::erase_if(timeouts_, [&](const timeout_order& each) { return each.id == id; });
  }

  State state_;
  std::deque<item> queue_;
  std::vector<item> postponed_;
  std::vector<timeout_order> timeouts_; ///< in the order set
};

} // namespace perron::runtime::core
