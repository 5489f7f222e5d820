// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/signals.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Processes: the functions here act on the calling process and are to be called from one, unless they say
/// "any thread". None may be called by a thread that is not part of the node where it does not say so; that
/// is an error of the program and throws not_a_process.
namespace perron::runtime {

class node;

/// What happens to mail for a mailbox that is full.
using mailbox_policy = core::overflow;

/// How to start a process. `spawn({.name = "counter", .link = true}, [] {...});`
struct spawn_options {
  std::string name{}; ///< registered before the process runs; spawn throws std::invalid_argument if taken
  bool link = false;  ///< as link(), without a moment in between
  bool trap_exit = false;
  std::uint32_t mailbox_bound = 0; ///< most messages that may wait; 0: no bound. Signals are not counted
  mailbox_policy when_full = mailbox_policy::refuse;
  std::size_t stack_bytes = 0; ///< address space of the stack; 0: the node's default. Only touched pages cost
  int worker = -1;             ///< run on this worker only; -1: wherever there is time
};

/// Thrown by functions that need a calling process when there is none.
class not_a_process : public std::logic_error {
public:
  not_a_process() : std::logic_error("perron: this function must be called by a process") {}
};

/// A process and the monitor its spawner has on it.
struct monitored {
  pid who;
  monitor_ref ref;
};

/// The calling process. Throws not_a_process.
pid self();
/// The calling process, or an empty pid outside of one.
pid self_or_none() noexcept;

namespace detail {
core::process& current();
core::scheduler& current_scheduler();
core::spawn_plan plan_of(const spawn_options& options, bool monitor);

template <class F>
monitored spawn(core::scheduler& where, const core::spawn_plan& plan, F&& body) {
  monitored made;
  core::process& p = core::begin_spawn(where, plan, made.ref);
  try {
    p.body.emplace(std::forward<F>(body));
  } catch (...) {
    core::abandon_spawn(p);
    throw;
  }
  made.who = p.self();
  core::commit_spawn(p);
  return made;
}

void count_spawn();
} // namespace detail

/// Starts a process that runs `body` and ends with it. Returns at once; the process runs when a worker has
/// time. The function object is moved into the process and destroyed on its stack. Costs a fraction of a
/// microsecond; no stack is taken before the first run. May give way.
template <class F>
pid spawn(const spawn_options& options, F&& body) {
  const pid made =
      detail::spawn(detail::current_scheduler(), detail::plan_of(options, false), std::forward<F>(body)).who;
  detail::count_spawn();
  return made;
}
template <class F>
pid spawn(F&& body) {
  const pid made = detail::spawn(detail::current_scheduler(), core::spawn_plan(), std::forward<F>(body)).who;
  detail::count_spawn();
  return made;
}

/// As spawn, linked to the caller from the first moment (OTP spawn_link).
template <class F>
pid spawn_link(F&& body) {
  return spawn(spawn_options{.link = true}, std::forward<F>(body));
}

/// As spawn, monitored by the caller from the first moment (OTP spawn_monitor).
template <class F>
monitored spawn_monitor(const spawn_options& options, F&& body) {
  const monitored made =
      detail::spawn(detail::current_scheduler(), detail::plan_of(options, true), std::forward<F>(body));
  detail::count_spawn();
  return made;
}
template <class F>
monitored spawn_monitor(F&& body) {
  return spawn_monitor(spawn_options{}, std::forward<F>(body));
}

/// Ties the caller and `other`: when one ends abnormally the other is ended with the same reason, or gets an
/// `exited` if it traps exits. Linking twice is one link. A dead `other` gives an exit signal noproc.
void link(pid other);
/// Unties; no `exited` from this link arrives afterwards.
void unlink(pid other);

/// Asks to be told by a `down` when `who` ends; at once, with reason noproc, if it is dead.
monitor_ref monitor(pid who);
/// Ends a monitor. With flush, a `down` of it that has arrived already is taken out of the mailbox (OTP
/// demonitor(Ref, [flush])); otherwise it may still be found there. True if the monitor was still active.
bool demonitor(monitor_ref ref, bool flush = true);

/// Whether exit signals arrive as `exited` mail instead of ending the process. Gives the former value.
bool trap_exit(bool on);

/// Ends the calling process with this reason; destructors run.
[[noreturn]] void exit(exit_reason why);
/// Sends an exit signal: ends `who` unless it traps exits or the reason is normal; kill cannot be trapped.
/// Any thread of the node.
void exit(pid who, exit_reason why);

/// Whether the process has not ended yet. A moment's picture. Any thread.
bool alive(pid who) noexcept;

/// Lets others run.
void yield();

/// Sleeps; mail stays where it is. An exit signal ends the sleep.
void sleep_for(std::chrono::nanoseconds time);

/// Gives the stack back and sleeps until a message comes; then runs `next` on a fresh stack as the rest of
/// this process. The frames left behind are unwound by an exception that is no std::exception, so do not call
/// it where `catch (...)` swallows. Costs about 2 µs; the process then needs its record only (OTP
/// hibernate/3).
template <class F>
[[noreturn]] void hibernate(F&& next) {
  core::process& me = detail::current();
  me.body.emplace(std::forward<F>(next));
  throw core::hibernation{};
}

/// Registers the caller under a name; false if it is taken or the caller has one (OTP register/2).
bool register_name(std::string name);
/// False if there is no such name. Any thread of the node.
bool unregister_name(std::string_view name);
/// The process of that name, or an empty pid. Any thread of the node.
pid whereis(std::string_view name);

} // namespace perron::runtime
