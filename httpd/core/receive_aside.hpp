// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

/// Waiting by a program's clauses while something else goes on aside: heartbeats are sent, polls answered.
namespace perron::httpd::core {

template <class Clause>
struct result_of_clause {
  using type = typename runtime::core::signature<Clause>::result;
};
template <class Guard, class Body>
struct result_of_clause<runtime::when_clause<Guard, Body>> : result_of_clause<Body> {};

/// What a clause of the aside gives, so that it has a common type with the program's: an empty optional.
template <class Result>
struct aside_result {
  using type = std::optional<Result>;
};
template <>
struct aside_result<void> {
  using type = void;
};

template <class Clause>
inline constexpr bool is_after = false;
template <class Body>
inline constexpr bool is_after<runtime::after_clause<Body>> = true;

/// Waits until one of the program's clauses has taken a message, or until its time is over.
template <class Aside, class Timed, class... Clauses>
auto receive_until(Aside& aside, const runtime::deadline& until, Timed& when_over, Clauses&... clauses) {
  using result = typename runtime::core::common_result<typename result_of_clause<Clauses>::type...,
                                                       std::invoke_result_t<Timed&>>::type;
  using given = typename aside_result<result>::type;
  for (;;) {
    bool was_aside = false;
    bool over = false;
    auto own = aside.template clauses<given>(was_aside);
    auto timed = runtime::after(std::min(until.left(), aside.left()), [&]() -> given {
      over = true;
      return given();
    });
    // its own first: the program may have a clause for any `down`, or for anything
    const auto once = [&](auto&... each) { return runtime::receive(each..., clauses..., timed); };
    if constexpr (std::is_void_v<result>) {
      std::apply(once, own);
      if (!was_aside && !over)
        return;
    } else {
      given got = std::apply(once, own);
      if (!was_aside && !over)
        return result(std::move(*got));
    }
    if (over && until.is_over())
      return result(when_over());
    if (over)
      aside.time_is_over();
  }
}

/// As runtime::receive, with an after() at the end or without. The aside is a class with
///
///     template <class R> auto clauses(bool& taken);  // a tuple of clauses that set `taken` and give R()
///     std::chrono::nanoseconds left() const;         // how long it can do without
///     void time_is_over();
template <class Aside, class... Clauses>
auto receive_aside(Aside& aside, Clauses&&... clauses) {
  static_assert(sizeof...(Clauses) > 0, "there is nothing to wait for");
  constexpr std::size_t last = sizeof...(Clauses) - 1;
  auto all = std::tie(clauses...);
  using last_clause = std::decay_t<std::tuple_element_t<last, std::tuple<Clauses...>>>;
  if constexpr (is_after<last_clause>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      auto& timed = std::get<last>(all);
      return receive_until(aside, runtime::deadline(timed.time), timed.body, std::get<I>(all)...);
    }
    (std::make_index_sequence<last>());
  } else {
    auto never = []() -> typename result_of_clause<last_clause>::type {
      throw std::logic_error("perron: a wait without a limit is over");
    };
    return receive_until(aside, runtime::deadline(runtime::no_timeout), never, clauses...);
  }
}

} // namespace perron::httpd::core
