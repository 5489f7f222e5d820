// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/arguments.hpp>
#include <perron/supervisors/back_off.hpp>
#include <perron/supervisors/start_function.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::supervisors {

/// When a child that has ended by itself is started again (otp-semantics 5.3).
enum class restart_type : std::uint8_t {
  permanent, ///< always
  transient, ///< if it crashed: for any reason but normal and shutdown. Else its spec stays, with no process
  temporary  ///< never; its spec goes with it
};
using enum restart_type;

/// What a child is; a supervisor is given all the time it needs to stop its own children.
enum class child_type : std::uint8_t { worker, supervisor };

/// How a child is ended when its supervisor wants it to end: a time, `brutal_kill` or `infinity`.
///
/// With a time it is sent shutdown, and killed if it is still there when the time is over; a process that
/// does not trap exits ends at its next receive. `infinity` never kills and may wait for ever; `brutal_kill`
/// does not ask. A supervisor among the children may be given a time, but may then be killed after it has let
/// go of its own children (otp-semantics 5.1).
class shutdown_rule {
public:
  enum class kind : std::uint8_t { by_type, timed, brutal_kill, infinity };

  /// 5 s for a worker, infinity for a supervisor.
  constexpr shutdown_rule() noexcept = default;
  template <class Rep, class Period>
  constexpr shutdown_rule(std::chrono::duration<Rep, Period> time) noexcept
      : kind_(kind::timed), time_(std::chrono::duration_cast<std::chrono::milliseconds>(time)) {}

  static constexpr shutdown_rule brutally() noexcept { return shutdown_rule(kind::brutal_kill); }
  static constexpr shutdown_rule patiently() noexcept { return shutdown_rule(kind::infinity); }

  constexpr kind what() const noexcept { return kind_; }
  /// The time of a timed rule.
  constexpr std::chrono::milliseconds time() const noexcept { return time_; }
  /// The rule itself, or what by_type stands for.
  constexpr shutdown_rule resolved(child_type type) const noexcept {
    if (kind_ != kind::by_type)
      return *this;
    return type == child_type::supervisor ? patiently() : shutdown_rule(std::chrono::seconds(5));
  }

  friend constexpr bool operator==(shutdown_rule, shutdown_rule) noexcept = default;

private:
  constexpr explicit shutdown_rule(kind what) noexcept : kind_(what) {}

  kind kind_ = kind::by_type;
  std::chrono::milliseconds time_{0};
};
inline constexpr shutdown_rule brutal_kill = shutdown_rule::brutally();
inline constexpr shutdown_rule infinity = shutdown_rule::patiently();

/// "5000 ms", "brutal_kill", "infinity".
std::string to_string(shutdown_rule rule);
std::string_view to_string(restart_type type) noexcept;
std::string_view to_string(child_type type) noexcept;

/// What a supervisor knows of one child: how to start it, when to start it again, how to end it. Made by
/// child(), server_child() and supervisor_child(), or by hand; child_of() and server_child_of() make the one
/// that children of a simple_one_for_one supervisor are made after:
///
///     child({.id = "ticker", .restart = transient, .shutdown = 1s}, [] { tick(); })
///     server_child<room>("lobby", "lobby", history)
///     server_child_of<room, std::string>("room")     // and then: start_child(rooms, with("lobby"))
///
/// Copied with what its start function holds; a value without threads of its own.
struct child_spec {
  std::string id{}; ///< unique in its supervisor

  start_function start{};

  restart_type restart = permanent;
  shutdown_rule shutdown{};
  child_type type = child_type::worker;

  /// Its end by itself may stop the whole supervisor, see auto_shutdown. Not with permanent.
  bool significant = false;

  /// Whether and how long to wait before a restart; by default there is no wait, as in OTP.
  supervisors::back_off back_off{};

  /// How child() and server_child() spawn the process: name, mailbox bound, stack size. It is always linked.
  runtime::spawn_options spawn{};
};

namespace detail {

/// Types of their own, so that reports can name what they start.
template <class F>
struct function_start {
  static_assert(std::is_copy_constructible_v<F>, "a child's function is copied for every start");
  runtime::spawn_options how;
  F body;
  runtime::result<runtime::pid> operator()() const { return spawned(how, F(body)); }

  /// A name that is taken is a failed start.
  template <class G>
  static runtime::result<runtime::pid> spawned(const runtime::spawn_options& with, G&& function) {
    try {
      return runtime::spawn(with, std::forward<G>(function));
    } catch (const std::invalid_argument& e) {
      return runtime::error{e.what(), EEXIST};
    }
  }
};

template <class Server, class... Args>
struct server_start {
  runtime::spawn_options how;
  std::tuple<Args...> args;
  runtime::result<runtime::pid> operator()() const {
    return std::apply([&](const Args&... each) { return runtime::start_server<Server>(how, each...); }, args);
  }
};

runtime::error wrong_arguments(const std::type_info& wanted, const arguments& given);

template <class F, class... Args>
struct function_start_of {
  static_assert(std::is_copy_constructible_v<F>, "a child's function is copied for every start");
  runtime::spawn_options how;
  F body;
  runtime::result<runtime::pid> operator()(const arguments& given) const {
    const std::tuple<Args...>* values = given.get_if<Args...>();
    if (values == nullptr)
      return wrong_arguments(typeid(std::tuple<Args...>), given);
    return function_start<F>::spawned(
        how, [f = F(body), mine = *values]() mutable { std::apply(f, std::move(mine)); });
  }
};

template <class Server, class... Args>
struct server_start_of {
  runtime::spawn_options how;
  runtime::result<runtime::pid> operator()(const arguments& given) const {
    const std::tuple<Args...>* values = given.get_if<Args...>();
    if (values == nullptr)
      return wrong_arguments(typeid(std::tuple<Args...>), given);
    return std::apply([&](const Args&... each) { return runtime::start_server<Server>(how, each...); },
                      *values);
  }
};

inline runtime::spawn_options linked(const runtime::spawn_options& how) {
  runtime::spawn_options with_link = how;
  with_link.link = true;
  return with_link;
}

inline child_spec with_id(std::string id) {
  child_spec spec;
  spec.id = std::move(id);
  return spec;
}

} // namespace detail

/// A child that is a process around a function, started as soon as it is spawned. The function is copied for
/// every start, so that each begins with the same values.
template <class F>
child_spec child(child_spec spec, F&& body) {
  spec.start = detail::function_start<std::decay_t<F>>{detail::linked(spec.spawn), std::forward<F>(body)};
  return spec;
}
template <class F>
child_spec child(std::string id, F&& body) {
  return child(detail::with_id(std::move(id)), std::forward<F>(body));
}

/// A child that is a server, started when its constructor has returned. `args` are kept and copied into the
/// constructor at every start.
template <class Server, class... Args>
child_spec server_child(child_spec spec, Args&&... args) {
  spec.start = detail::server_start<Server, std::decay_t<Args>...>{
      detail::linked(spec.spawn), std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)};
  return spec;
}
template <class Server, class... Args>
child_spec server_child(std::string id, Args&&... args) {
  return server_child<Server>(detail::with_id(std::move(id)), std::forward<Args>(args)...);
}

/// The template of the children of a simple_one_for_one supervisor: a process around a function that is given
/// the values of with(), which must be of just these types. `Args` are values; texts are std::string.
template <class... Args, class F>
requires(sizeof...(Args) > 0) child_spec child_of(child_spec spec, F&& body) {
  spec.start =
      detail::function_start_of<std::decay_t<F>, Args...>{detail::linked(spec.spawn), std::forward<F>(body)};
  return spec;
}
template <class... Args, class F>
requires(sizeof...(Args) > 0) child_spec child_of(std::string id, F&& body) {
  return child_of<Args...>(detail::with_id(std::move(id)), std::forward<F>(body));
}

/// The same with a server, whose constructor gets the values.
template <class Server, class... Args>
requires(sizeof...(Args) > 0) child_spec server_child_of(child_spec spec) {
  spec.start = detail::server_start_of<Server, Args...>{detail::linked(spec.spawn)};
  return spec;
}
template <class Server, class... Args>
requires(sizeof...(Args) > 0) child_spec server_child_of(std::string id) {
  return server_child_of<Server, Args...>(detail::with_id(std::move(id)));
}

} // namespace perron::supervisors
