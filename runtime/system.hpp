// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/type_name.hpp>
#include <perron/runtime/receive.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// What can be asked of every process in the shape of a behaviour (server, state machine, event manager)
/// while it runs, whatever its own protocol is (OTP sys). Served by the same loop as other mail and in its
/// order, so never in the middle of a callback. All are calls, with the errors of call(); a process that is
/// no behaviour does not answer.
namespace perron::runtime {
namespace detail {

struct system_request {
  enum class order : std::uint8_t { suspend, resume, copy_state, describe_state, replace_state };
  order what;
  const std::type_info* type = nullptr;           ///< S, for copy_state and replace_state
  core::envelope* (*copy)(const void*) = nullptr; ///< for copy_state: the answer with a copy of an S
  std::shared_ptr<void> state{};                  ///< for replace_state: a unique_ptr<S>
};

struct system_answer {
  bool done = true;
  std::string text{};
};

result<std::string> ask_system(pid who, system_request request, std::chrono::nanoseconds timeout);

} // namespace detail

/// From now on `who` takes no mail but the requests of this header and its parent's order to end; the rest
/// waits in its mailbox. For repairs, and to see a state that holds still. Suspending twice is as once.
result<void> suspend(pid who, std::chrono::nanoseconds timeout = default_call_timeout);
/// The end of suspend().
result<void> resume(pid who, std::chrono::nanoseconds timeout = default_call_timeout);

/// A copy of the object behind a behaviour of class S, which can be copied. An error with code EPROTO if it
/// is of another class.
template <class S>
result<S> get_state(pid who, std::chrono::nanoseconds timeout = default_call_timeout) {
  using order = detail::system_request::order;
  const auto copy = [](const void* state) -> core::envelope* {
    return core::make_envelope<S>(core::envelope_kind::reply, *static_cast<const S*>(state));
  };
  return call<S>(who, detail::system_request{.what = order::copy_state, .type = &typeid(S), .copy = copy},
                 timeout);
}

/// What the state says of itself: what to_string(state), found by its namespace, gives; else its type's name.
result<std::string> describe_state(pid who, std::chrono::nanoseconds timeout = default_call_timeout);

/// Puts `state` in the place of the object behind a behaviour; the former one is destroyed there, without
/// terminate(). What links, monitors, timers and postponed events belong to the process, and stay. An error
/// if the behaviour is of another class. To change rather than replace: suspend, get_state, replace_state,
/// resume.
template <class S>
result<void> replace_state(pid who, S state, std::chrono::nanoseconds timeout = default_call_timeout) {
  using order = detail::system_request::order;
  const auto done = detail::ask_system(
      who,
      {.what = order::replace_state,
       .type = &typeid(S),
       .state = std::make_shared<std::unique_ptr<S>>(std::make_unique<S>(std::move(state)))},
      timeout);
  if (!done)
    return done.error();
  return {};
}

namespace detail {

/// Whether an exit signal comes from the process that started the caller, or from its node, which stops. Such
/// a signal orders a behaviour to end even if it traps exits (OTP gen_server).
bool is_order_of_parent(const exited& signal);

inline auto parent_clause() {
  return when([](const exited& e) { return is_order_of_parent(e); },
              [](exited e) { throw core::process_exit{std::move(e.reason)}; });
}

template <class S>
std::string described(const S& state) {
  if constexpr (requires { std::string(to_string(state)); })
    return std::string(to_string(state));
  else
    return core::type_name(typeid(S));
}

/// The side of the behaviour: answers for the state that `held` owns.
template <class S>
class system_side {
public:
  explicit system_side(std::unique_ptr<S>& held) noexcept : held_(held) {}

  bool suspended() const noexcept { return suspended_; }

  /// The clause of a receive that takes the requests.
  auto clause() {
    return [this](const caller& from, system_request request) { serve(from, request); };
  }
  /// Serves until resumed.
  void wait_while_suspended() {
    while (suspended_)
      receive(parent_clause(), clause());
  }

private:
  void serve(const caller& from, system_request& request) {
    using order = system_request::order;
    switch (request.what) {
    case order::suspend:
    case order::resume:
      suspended_ = request.what == order::suspend;
      reply(from, system_answer{});
      return;
    case order::copy_state:
      if (is_mine(from, request))
        answer(from, [&] { return request.copy(held_.get()); });
      return;
    case order::describe_state:
      answer(from, [&]() -> core::envelope* {
        return core::make_envelope<system_answer>(core::envelope_kind::reply,
                                                  system_answer{true, described(*held_)});
      });
      return;
    case order::replace_state:
      if (!is_mine(from, request))
        return;
      held_.swap(*static_cast<std::unique_ptr<S>*>(request.state.get()));
      reply(from, system_answer{});
      return;
    }
  }

  static bool is_mine(const caller& from, const system_request& request) {
    if (*request.type == typeid(S))
      return true;
    reply(from, system_answer{false, "the state is of class " + core::type_name(typeid(S))});
    return false;
  }

  /// A state that throws when it is looked at fails who looks, not the behaviour.
  template <class F>
  void answer(const caller& from, F&& look) {
    try {
      send_reply(from, look());
    } catch (const std::exception& e) {
      reply(from, system_answer{false, e.what()});
    }
  }

  std::unique_ptr<S>& held_;
  bool suspended_ = false;
};

} // namespace detail
} // namespace perron::runtime
