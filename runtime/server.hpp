// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/behaviour.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/system.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace perron::runtime {

/// The message types a server understands: `using calls = protocol<get, add>;`
template <class... Messages>
struct protocol {};

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
      static_assert(std::is_void_v<decltype(server.handle_call(std::move(request), from))>,
                    "a handle_call with a caller answers by reply()");
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
void run_continuations([[maybe_unused]] S& server) {
  if constexpr (requires { server.continue_with; }) {
    while (server.continue_with) {
      auto work = std::move(*server.continue_with);
      server.continue_with.reset();
      server.handle_continue(std::move(work));
    }
  }
}

/// How long a server waits for mail before on_silence(): its idle_timeout, or else what lets it hibernate.
template <class S>
std::chrono::nanoseconds patience_of([[maybe_unused]] const S& server) {
  if constexpr (requires { server.idle_timeout; })
    if (server.idle_timeout != no_timeout)
      return server.idle_timeout;
  if constexpr (requires { server.hibernate_after; })
    return server.hibernate_after;
  return no_timeout;
}

template <class S>
struct server_loop {
  static void run(std::unique_ptr<S> held) {
    run_to_the_end(held, [&] {
      system_side<S> system(held);
      for (;;) {
        run_continuations(*held);
        serve_one(held, system, typename calls_of<S>::type{}, typename casts_of<S>::type{});
        system.wait_while_suspended();
      }
    });
  }

private:
  template <class... Calls, class... Casts>
  static void serve_one(std::unique_ptr<S>& held, system_side<S>& system, protocol<Calls...>,
                        protocol<Casts...>) {
    S& server = *held;
    if constexpr (
        requires { server.idle_timeout; } || requires { server.hibernate_after; })
      receive(parent_clause(), call_clause<S, Calls>(server)..., cast_clause<S, Casts>(server)...,
              system.clause(), info_clause<S>(server), after(patience_of(server), [&] { on_silence(held); }));
    else
      receive(parent_clause(), call_clause<S, Calls>(server)..., cast_clause<S, Casts>(server)...,
              system.clause(), info_clause<S>(server));
  }

  static void on_silence(std::unique_ptr<S>& held) {
    if constexpr (requires { held->idle_timeout; })
      if (held->idle_timeout != no_timeout) {
        held->handle_timeout();
        return;
      }
    hibernate([server = std::move(held)]() mutable { run(std::move(server)); });
  }
};

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
/// Gives the pid once the constructor has returned; an empty pid if it threw ignore_start; else an error: the
/// text with which it failed, EEXIST if the name is taken, ETIMEDOUT after options.start_timeout. A server
/// that failed to start has ended, and its name is free, when this returns. With options.link the server is
/// linked to the caller.
///
/// A callback ends the server by throwing stop_server; other exceptions crash it. terminate() is called
/// first, unless it is killed. Told to end from outside while it does not trap exits, it may send there, but
/// not wait.
///
/// What OTP's callbacks return beside the state, a server leaves in public members, all of them optional,
/// which are read after every callback and after the constructor:
///
///     std::optional<T> continue_with;           // then handle_continue(T) runs, before any message is taken
///     std::chrono::nanoseconds idle_timeout;    // handle_timeout() is called after so long without a
///     message,
///                                               // and again each time; no_timeout: never
///     std::chrono::nanoseconds hibernate_after; // may be static; as long as there is no idle_timeout, a
///     server
///                                               // without a message for so long gives its stack back, see
///                                               // hibernate()
///
/// Requests of system.hpp are served as well. From a process. Costs a spawn and two messages.
template <class S, class... Args>
result<pid> start_server(const spawn_options& options, Args&&... args) {
  return detail::start_behaviour<S, detail::server_loop<S>>(start_options{.spawn = options},
                                                            std::forward<Args>(args)...);
}
/// As above: `start_server<S>(start_options{.start_timeout = 5s}, ...)`.
template <class S, std::same_as<start_options> Options, class... Args>
result<pid> start_server(const Options& options, Args&&... args) {
  return detail::start_behaviour<S, detail::server_loop<S>>(options, std::forward<Args>(args)...);
}

/// Sends a request nobody answers; what handle_cast gets.
template <class T>
bool cast(pid server, T&& message) {
  return send(server, std::forward<T>(message));
}

} // namespace perron::runtime
