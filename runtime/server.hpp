// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// The message types a server understands: `using calls = protocol<get, add>;`
template <class... Messages>
struct protocol {};

/// Thrown, or returned through stop(), by a callback that wants its server to end in order.
struct stop_server {
  exit_reason reason = exit_reason::normal();
};

namespace detail {

template <class S>
struct calls_of {
  using type = protocol<>;
};
template <class S>
requires requires { typename S::calls; }
struct calls_of<S> {
  using type = typename S::calls;
};
template <class S>
struct casts_of {
  using type = protocol<>;
};
template <class S>
requires requires { typename S::casts; }
struct casts_of<S> {
  using type = typename S::casts;
};

template <class S, class T>
auto call_clause(S& server) {
  return [&server](caller from, T&& request) {
    if constexpr (requires { server.handle_call(std::move(request), from); }) {
      server.handle_call(std::move(request), from); // answers by reply(from, ...), now or later
    } else if constexpr (std::is_void_v<decltype(server.handle_call(std::move(request)))>) {
      server.handle_call(std::move(request));
      reply(from);
    } else {
      reply(from, server.handle_call(std::move(request)));
    }
  };
}

template <class S, class T>
auto cast_clause(S& server) {
  return [&server](T&& message) { server.handle_cast(std::move(message)); };
}

template <class S>
auto info_clause([[maybe_unused]] S& server) {
  if constexpr (requires(any_message message) { server.handle_info(std::move(message)); })
    return [&server](any_message message) { server.handle_info(std::move(message)); };
  else
    return [](any_message) {}; // what a server does not know is dropped, so that it cannot pile up
}

template <class S>
void end_server([[maybe_unused]] S& server, [[maybe_unused]] const exit_reason& why) {
  if constexpr (requires { server.terminate(why); })
    server.terminate(why);
}

/// An exit signal of the parent orders a server to end even if it traps exits (OTP gen_server).
bool is_order_of_parent(const exited& signal);

template <class S, class... Calls, class... Casts>
void serve(S& server, protocol<Calls...>, protocol<Casts...>) {
  for (;;)
    receive(when([](const exited& e) { return is_order_of_parent(e); },
                 [](exited e) { throw core::process_exit{std::move(e.reason)}; }),
            call_clause<S, Calls>(server)..., cast_clause<S, Casts>(server)..., info_clause<S>(server));
}

template <class S>
void run_server(S& server) {
  try {
    serve(server, typename calls_of<S>::type{}, typename casts_of<S>::type{});
  } catch (const core::process_exit& e) {
    end_server(server, e.reason);
    throw;
  } catch (const stop_server& stop) {
    end_server(server, stop.reason);
    throw core::process_exit{stop.reason};
  } catch (const std::exception&) {
    end_server(server, exit_reason::from_exception(std::current_exception()));
    throw;
  }
}

/// Makes the server's object. If that fails the parent is told by the result of the start, not by its link.
template <class S, class Arguments>
std::unique_ptr<S> made_or_unlinked(Arguments& arguments, pid parent) {
  try {
    return std::apply([](auto&... each) { return std::make_unique<S>(std::move(each)...); }, arguments);
  } catch (...) {
    unlink(parent);
    throw;
  }
}

struct server_started {};
result<pid> wait_for_start(const monitored& child, bool keep_link);

} // namespace detail

/// Starts a server, a process around an object of class S in the shape of OTP's gen_server, and waits until
/// it is up. S is an ordinary class; nothing has to be derived from:
///
///     struct counter {
///       using calls = protocol<get, add>;       // answered: reply handle_call(T)
///       using casts = protocol<reset>;          // not answered: void handle_cast(T)
///       explicit counter(int from);             // init; an exception fails the start
///       int handle_call(get);
///       void handle_call(add, caller from);     // or: answer later, by reply(from, ...)
///       void handle_cast(reset);
///       void handle_info(any_message);          // optional: everything else
///       void terminate(const exit_reason&);     // optional: last words
///     };
///
/// Gives the pid once the constructor has returned, or the text with which it failed. With options.link the
/// server is linked to the caller. A callback ends the server by throwing stop_server; other exceptions crash
/// it, with terminate() called first.
template <class S, class... Args>
result<pid> start_server(const spawn_options& options, Args&&... args) {
  spawn_options mine = options;
  mine.link = false;
  const pid parent = self();
  const bool linked = options.link;
  monitored child =
      spawn_monitor(mine, [parent, linked,
                           held = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)]() mutable {
        if (linked)
          link(parent);
        auto server = detail::made_or_unlinked<S>(held, linked ? parent : pid());
        send(parent, std::pair<pid, detail::server_started>(self(), {}));
        detail::run_server(*server);
      });
  return detail::wait_for_start(child, linked);
}

/// Sends a request nobody answers; what handle_cast gets.
template <class T>
bool cast(pid server, T&& message) {
  return send(server, std::forward<T>(message));
}

} // namespace perron::runtime
