// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>

#include <chrono>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace perron::runtime {
template <class Guard, class Body>
struct when_clause;
template <class Body>
struct after_clause;
class any_message;
} // namespace perron::runtime

namespace perron::runtime::core {

// -- what a callable accepts

template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...)> {
  using result = R;
  using parameters = std::tuple<Args...>;
};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const> : signature<R (C::*)(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) noexcept> : signature<R (C::*)(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const noexcept> : signature<R (C::*)(Args...)> {};
template <class R, class... Args>
struct signature<R (*)(Args...)> {
  using result = R;
  using parameters = std::tuple<Args...>;
};

template <class Parameter>
using message_of = std::remove_cv_t<std::remove_reference_t<Parameter>>;

/// The last parameter of a callable is the message, one before it the caller.
template <class F>
struct clause_traits {
  using parameters = typename signature<std::decay_t<F>>::parameters;
  using result = typename signature<std::decay_t<F>>::result;
  static constexpr std::size_t arity = std::tuple_size_v<parameters>;
  static_assert(arity == 1 || arity == 2, "a clause takes a message, or a caller and a message");
  using parameter = std::tuple_element_t<arity - 1, parameters>;
  using message = message_of<parameter>;
  static constexpr bool wants_caller = arity == 2;
  static constexpr bool takes_any = std::is_same_v<message, any_message>;
};

template <class Parameter, class T>
decltype(auto) pass(T& value) noexcept {
  if constexpr (std::is_lvalue_reference_v<Parameter>)
    return static_cast<T&>(value);
  else
    return std::move(value);
}

/// While a call is served, calls made for it end by its deadline.
struct serving_deadline {
  process& self;
  serving_deadline(process& p, std::uint64_t due) noexcept : self(p) { self.deadline_ms = due; }
  ~serving_deadline() { self.deadline_ms = 0; }
  serving_deadline(const serving_deadline&) = delete;
  serving_deadline& operator=(const serving_deadline&) = delete;
};

// -- clauses in one shape: accepts(envelope), run(envelope)

template <class Body>
struct plain_clause {
  using traits = clause_traits<Body>;
  using result = typename traits::result;
  static constexpr bool by_type_only = !traits::takes_any;
  static constexpr bool is_after = false;
  using key = std::conditional_t<traits::wants_caller, std::pair<typename traits::message, void>,
                                 typename traits::message>;
  Body& body;

  bool accepts(envelope& e) const {
    if constexpr (traits::takes_any)
      return true;
    else
      return carries<typename traits::message>(e) && (e.kind == envelope_kind::call) == traits::wants_caller;
  }
  result run(process& self, envelope* e) const {
    if constexpr (traits::takes_any) {
      return body(typename traits::message(e)); // any_message, complete where this is instantiated
    } else {
      const envelope_guard hold(e);
      auto& value = payload_of<typename traits::message>(*e);
      if constexpr (traits::wants_caller) {
        const serving_deadline bounded(self, e->from.deadline_ms);
        return body(e->from, pass<typename traits::parameter>(value));
      } else {
        return body(pass<typename traits::parameter>(value));
      }
    }
  }
};

template <class Guard, class Body>
struct guarded_clause : plain_clause<Body> {
  static constexpr bool by_type_only = false;
  Guard& guard;

  guarded_clause(Body& b, Guard& g) : plain_clause<Body>{b}, guard(g) {}
  bool accepts(envelope& e) const {
    using message = typename plain_clause<Body>::traits::message;
    return plain_clause<Body>::accepts(e) && guard(std::as_const(payload_of<message>(e)));
  }
};

template <class Body>
struct timed_clause {
  using result = std::invoke_result_t<Body&>;
  static constexpr bool by_type_only = true;
  static constexpr bool is_after = true;
  using key = void;
  std::chrono::nanoseconds time;
  Body& body;
};

template <class Body>
auto as_clause(Body& body) {
  return plain_clause<Body>{body};
}
template <class Guard, class Body>
auto as_clause(when_clause<Guard, Body>& c) {
  return guarded_clause<Guard, Body>(c.body, c.guard);
}
template <class Body>
auto as_clause(after_clause<Body>& c) {
  return timed_clause<Body>{c.time, c.body};
}
template <class Body>
auto as_clause(const Body& body) {
  return plain_clause<const Body>{body};
}

/// The address of `here` stands for this list of types.
template <class... Keys>
struct kind_of_receive {
  static constexpr char here = 0;
};

template <class... Results>
struct common_result {
  using type = std::common_type_t<Results...>;
};
template <class First, class... Rest>
requires(std::is_same_v<First, Rest>&&...) struct common_result<First, Rest...> {
  using type = First;
};

/// The current process, with what arrived taken in; throws not_a_process or process_exit.
process& begin_receive();
/// Counts a taken message; gives way if the turn's budget is used up.
void count_receive(process& self);
std::uint64_t due_after(process& self, std::chrono::nanoseconds time) noexcept;

template <class Clause>
void note_after(const Clause& clause, process& self, std::uint64_t& due, int& which, int index) {
  if constexpr (Clause::is_after) {
    due = due_after(self, clause.time);
    which = index;
  }
}

template <class Clause>
bool try_clause(const Clause& clause, process& self, mail_queue::cursor& at, envelope*& taken, int& which,
                int index) {
  if constexpr (!Clause::is_after) {
    if (which < 0 && clause.accepts(*at.peek())) {
      taken = at.take();
      self.count_taken();
      which = index;
      return true;
    }
  }
  return false;
}

template <class Result, class Clause>
Result run_clause(const Clause& clause, process& self, envelope* e) {
  if constexpr (Clause::is_after)
    return clause.body();
  else
    return clause.run(self, e);
}

template <class Result, std::size_t I = 0, class Tuple>
Result run_nth(Tuple& clauses, int which, process& self, envelope* e) {
  if constexpr (I + 1 < std::tuple_size_v<Tuple>) {
    if (static_cast<int>(I) != which)
      return run_nth<Result, I + 1>(clauses, which, self, e);
  }
  return run_clause<Result>(std::get<I>(clauses), self, e);
}

template <class... Cs>
decltype(auto) receive_with(Cs&&... given) {
  std::tuple<decltype(as_clause(given))...> clauses(as_clause(given)...);
  using result = typename common_result<typename decltype(as_clause(given))::result...>::type;
  constexpr bool by_type = (decltype(as_clause(given))::by_type_only && ...);

  process& self = begin_receive();
  int which = -1;
  envelope* taken = nullptr;
  {
    std::uint64_t due = waiting::forever;
    int after_index = -1;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (note_after(std::get<I>(clauses), self, due, after_index, static_cast<int>(I)), ...);
    }
    (std::index_sequence_for<Cs...>());

    const void* kind =
        by_type ? &kind_of_receive<typename decltype(as_clause(given))::key...>::here : nullptr;
    waiting wait(self, wait_kind::receive, due);
    mail_queue::cursor at(self.mail, kind);
    while (which < 0) {
      while (which < 0 && at.peek() != nullptr) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
          static_cast<void>(
              (try_clause(std::get<I>(clauses), self, at, taken, which, static_cast<int>(I)) || ...));
        }
        (std::index_sequence_for<Cs...>());
        if (which < 0)
          at.skip();
      }
      if (which < 0) {
        at.remember();
        if (!wait.park())
          which = after_index;
      }
    }
  }
  if (taken != nullptr)
    count_receive(self);
  return run_nth<result>(clauses, which, self, taken);
}

} // namespace perron::runtime::core
