// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/receiving.hpp>
#include <perron/runtime/message.hpp>

#include <chrono>
#include <tuple>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// A clause that takes a message only if `guard(const T&)` holds; T is the parameter of `body`.
template <class Guard, class Body>
struct when_clause {
  Guard guard;
  Body body;
};
template <class Guard, class Body>
when_clause<std::decay_t<Guard>, std::decay_t<Body>> when(Guard&& guard, Body&& body) {
  return {std::forward<Guard>(guard), std::forward<Body>(body)};
}

/// Ends a receive that has waited this long without a match. Zero looks once and does not wait; no_timeout
/// waits without limit.
template <class Body>
struct after_clause {
  std::chrono::nanoseconds time;
  Body body;
};
template <class Rep, class Period, class Body>
after_clause<std::decay_t<Body>> after(std::chrono::duration<Rep, Period> time, Body&& body) {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(time), std::forward<Body>(body)};
}

/// Waits for a message that one of the clauses takes, and gives what the clause gives.
///
///     receive([](ping p) { send(p.from, pong{}); },
///             [](const down& d) { ... },
///             when([&](const answer& a) { return a.id == mine; }, [](answer a) { ... }),
///             after(5s, [] { ... }));
///
/// A clause is a callable with one parameter, the message (by value, const&, & or &&), or with two, a
/// `caller` and the message, which takes calls of that type; `any_message` takes everything. Clauses are
/// tried in order for each message in the order of arrival; what none takes stays queued in order. All
/// clauses give the same type, or types with a common one.
///
/// Costs: looking at a message compares one pointer per clause; a message is looked at once in a receive.
/// Suspends the process; what must not be suspended with, like a std::mutex that is locked, must not be held.
/// Throws what a clause throws.
template <class... Clauses>
decltype(auto) receive(Clauses&&... clauses) {
  return core::receive_with(std::forward<Clauses>(clauses)...);
}

/// Waits for one message of type T and gives it.
template <class T>
T receive_one() {
  return receive([](T&& message) -> T { return std::move(message); });
}

} // namespace perron::runtime
