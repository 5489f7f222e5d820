// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/deadline.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/request.hpp>

#include <cerrno>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

/// Tasks in the shape of Elixir's Task: a process that computes one value for the process that started it.
///
///     auto page = async([url] { return fetch(url); });
///     auto user = async([id] { return load(id); });
///     render(page.await().value(), user.await().value());
///
/// For work nobody waits for, spawn() is enough (Task.start); for many items, task_stream.hpp. The value is
/// not mail: a server that must go on serving meanwhile spawns a process that sends what it finds.
namespace perron::runtime {
namespace detail {

struct task_begin {};

/// Tells a task that nobody wants its value: it is sent shutdown, which it does not pass on to its owner.
void end_task(pid who, bool linked);
/// Whether that is how a task ends which was told to.
bool ended_as_told(const error& why);

template <class F>
struct task_body {
  pid owner;
  bool linked;
  F work;

  void operator()() {
    receive([this](const caller& from, task_begin) {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        work();
        let_owner_go();
        reply(from);
      } else {
        auto value = work();
        let_owner_go();
        reply(from, std::move(value));
      }
    });
  }

private:
  /// So that an owner that traps exits is not told of an end it expects.
  void let_owner_go() const {
    if (linked)
      unlink(owner);
  }
};

} // namespace detail

/// The handle of a task, for the process that started it and no other. Move-only. Letting it go ends the
/// task, which is sent shutdown and unlinked; so a task does not outlive the scope that wanted it (Elixir: it
/// would go on).
///
/// The value comes as the answer to a call does: not as mail, and not late. The calls a task makes while its
/// owner serves a call end by that call's deadline.
template <class T>
class [[nodiscard]] task {
public:
  using value_type = T;

  task(pid who, bool linked, request_ref<T> value) noexcept
      : who_(who), linked_(linked), value_(std::move(value)) {}
  task(task&& other) noexcept = default;
  task& operator=(task&& other) noexcept {
    std::swap(who_, other.who_);
    std::swap(linked_, other.linked_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~task() { end(); }

  pid who() const noexcept { return who_; }
  /// Whether its value was neither taken nor given up.
  explicit operator bool() const noexcept { return static_cast<bool>(value_); }

  /// Waits for the value. Errors: the task ended without one (ESRCH, its reason; of a linked task only an
  /// owner that traps exits gets to see this); the time is over (ETIMEDOUT), and then the task is ended.
  /// Elixir's await ends the caller in both cases: `await().value()` does that.
  result<T> await(std::chrono::nanoseconds timeout = default_call_timeout) {
    if (auto done = yield(timeout))
      return std::move(*done);
    end();
    return error{"timeout", ETIMEDOUT};
  }

  /// Waits for the value; nothing if there is none in time, and then the task goes on and one may wait again.
  std::optional<result<T>> yield(std::chrono::nanoseconds timeout) {
    if (!value_)
      return error{"the value of the task was taken already", EINVAL};
    return wait_response(value_, timeout);
  }

  /// Ends the task: by shutdown, and if it is still there after this time by kill. Gives the value if it has
  /// come or comes meanwhile, an error if the task ended by itself, else nothing.
  std::optional<result<T>> shutdown(std::chrono::nanoseconds timeout = default_call_timeout) {
    if (!value_)
      return std::nullopt;
    auto last = yield(std::chrono::nanoseconds::zero());
    if (!last) {
      detail::end_task(who_, linked_);
      last = yield(timeout);
    }
    if (!last) {
      exit(who_, exit_reason::kill());
      last = yield(no_timeout);
    }
    if (!last->has_value() && detail::ended_as_told(last->error()))
      return std::nullopt;
    return last;
  }

  /// Lets the task go on alone: unlinked, its value is for nobody (Elixir: Task.ignore).
  void detach() {
    if (!value_)
      return;
    if (linked_)
      unlink(who_);
    const request_ref<T> unwanted = std::move(value_);
  }

  /// For those who wait for several.
  request_ref<T>& request() noexcept { return value_; }

private:
  void end() noexcept {
    if (!value_)
      return;
    const request_ref<T> unwanted = std::move(value_);
    detail::end_task(who_, linked_);
  }

  pid who_;
  bool linked_;
  request_ref<T> value_;
};

namespace detail {

template <class F>
auto start_task(spawn_options options, F&& work) {
  using value = std::decay_t<std::invoke_result_t<std::decay_t<F>&>>;
  const bool linked = options.link;
  const pid who = spawn(options, task_body<std::decay_t<F>>{self(), linked, std::forward<F>(work)});
  return task<value>(who, linked, send_request<value>(who, task_begin{}));
}

} // namespace detail

/// Starts a task that is linked to the caller: if it ends abnormally, by an exception say, so does the
/// caller, and the other way round. Costs a spawn and two messages. The name, stack and so on as in
/// `options`.
template <class F>
auto async(const spawn_options& options, F&& work) {
  spawn_options linked = options;
  linked.link = true;
  return detail::start_task(std::move(linked), std::forward<F>(work));
}
template <class F>
auto async(F&& work) {
  return async(spawn_options{}, std::forward<F>(work));
}

/// Starts a task whose failure is an error for who waits for it, and nothing else (Elixir:
/// Task.Supervisor.async_nolink).
template <class F>
auto async_nolink(const spawn_options& options, F&& work) {
  spawn_options unlinked = options;
  unlinked.link = false;
  return detail::start_task(std::move(unlinked), std::forward<F>(work));
}
template <class F>
auto async_nolink(F&& work) {
  return async_nolink(spawn_options{}, std::forward<F>(work));
}

/// await() of all, in one time for all (Elixir: Task.await_many). Tasks that are late are ended.
template <class T>
std::vector<result<T>> await_all(std::vector<task<T>> tasks,
                                 std::chrono::nanoseconds timeout = default_call_timeout) {
  const deadline due(timeout);
  std::vector<result<T>> values;
  values.reserve(tasks.size());
  for (task<T>& each : tasks)
    values.push_back(each.await(due.left()));
  return values;
}

/// yield() of all, in one time for all; nothing for those which are not done, which go on.
template <class T>
std::vector<std::optional<result<T>>> yield_many(std::vector<task<T>>& tasks,
                                                 std::chrono::nanoseconds timeout = default_call_timeout) {
  const deadline due(timeout);
  std::vector<std::optional<result<T>>> values;
  values.reserve(tasks.size());
  for (task<T>& each : tasks)
    values.push_back(each.yield(due.left()));
  return values;
}

} // namespace perron::runtime
