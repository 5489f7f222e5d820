// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/duplex.hpp>
#include <perron/httpd/websocket/message.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/deadline.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/signals.hpp>

#include <chrono>
#include <type_traits>
#include <utility>

/// How a WebSocket's own mail stands in one receive with that of its handler.
namespace perron::httpd::detail {

/// What a clause takes; void for `after`.
template <class Clause>
struct taken_by {
  using type = typename runtime::core::clause_traits<Clause>::message;
};
template <class Guard, class Body>
struct taken_by<runtime::when_clause<Guard, Body>> : taken_by<Body> {};
template <class Body>
struct taken_by<runtime::after_clause<Body>> {
  using type = void;
};
template <class Clause>
using taken_by_t = typename taken_by<std::decay_t<Clause>>::type;

template <class Clause>
inline constexpr bool is_after = std::is_void_v<taken_by_t<Clause>>;
template <class Clause>
inline constexpr bool is_frame_clause = std::is_same_v<taken_by_t<Clause>, ws_message>;

/// When `after`, if there is one, ends the wait.
template <class... Clauses>
runtime::deadline deadline_of(const Clauses&... clauses) {
  std::chrono::nanoseconds time = runtime::no_timeout;
  const auto look = [&](const auto& clause) {
    if constexpr (is_after<decltype(clause)>)
      time = clause.time;
  };
  (look(clauses), ...);
  return runtime::deadline(time);
}

template <class... Clauses>
void run_frame_clause(ws_message& m, Clauses&... clauses) {
  static_assert((static_cast<int>(is_frame_clause<Clauses>) + ...) == 1, "one clause takes ws_message");
  const auto look = [&](auto& clause) {
    if constexpr (is_frame_clause<decltype(clause)>) {
      using parameter = typename runtime::core::clause_traits<std::decay_t<decltype(clause)>>::parameter;
      clause(runtime::core::pass<parameter>(m));
    }
  };
  (look(clauses), ...);
}

/// A clause of the handler's as the wait with `left` to go has it.
template <class Clause>
Clause& for_this_wait(Clause& clause, std::chrono::nanoseconds) noexcept {
  return clause;
}
template <class Body>
auto for_this_wait(runtime::after_clause<Body>& clause, std::chrono::nanoseconds left) {
  return runtime::after(left, [&clause] { clause.body(); });
}

/// The clause for exit signals: for all of them, unless the handler takes those that are no order to shut
/// down.
template <class... Taken, class Socket>
auto exit_clause(Socket& ws, bool& own) {
  const auto take = [&ws, &own](const runtime::exited& e) {
    own = true;
    ws.handle(e);
  };
  if constexpr ((std::is_same_v<Taken, runtime::exited> || ...))
    return runtime::when(
        [](const runtime::exited& e) { return e.reason.what() == runtime::exit_reason::kind::shutdown; },
        take);
  else
    return take;
}

/// One receive of the handler's clauses behind the socket's own; `last` may end it otherwise. True: one of
/// the handler's was run, its `after` too.
template <class Socket, class... Clauses>
bool receive_beside(Socket& ws, Clauses&&... clauses) {
  bool own = false;
  runtime::receive(
      [&](readable r) {
        own = true;
        ws.handle(r);
      },
      [&](reminder r) {
        own = true;
        ws.handle(r);
      },
      exit_clause<taken_by_t<Clauses>...>(ws, own), std::forward<Clauses>(clauses)...);
  return !own;
}

template <class Socket, class... Clauses>
bool wait_for_mail(Socket& ws, const runtime::deadline& until, Clauses&... clauses) {
  return receive_beside(ws, for_this_wait(clauses, until.left())...);
}

/// The same without waiting. False: there is none, or only the socket's own.
template <class Socket, class... Clauses>
bool poll_mail(Socket& ws, Clauses&... clauses) {
  bool none = false;
  // of two `after` the last one counts
  const bool found =
      receive_beside(ws, clauses..., runtime::after(std::chrono::nanoseconds(0), [&] { none = true; }));
  return found && !none;
}

} // namespace perron::httpd::detail
