// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace perron::runtime::core {

struct scheduler;
struct carrier;

/// What a new process starts with.
struct spawn_plan {
  std::string name;
  bool link = false;
  bool monitor = false;
  std::uint32_t bound = 0;
  overflow policy = overflow::refuse;
  std::size_t stack_bytes = 0; ///< 0: the node's default
  int worker = -1;             ///< run only there
  bool trap_exit = false;
  pid parent; ///< whom to name as ancestor if no process spawns it
  end_observer* observer = nullptr;
  void* observer_data = nullptr;
};

/// Thrown by begin_spawn when the name it is to give is taken.
struct name_taken : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// Thrown through the frames of a process that was told to end, so that its destructors run. Not a
/// std::exception. Who catches it with `catch (...)` and goes on meets it again at the next receive if the
/// order came from outside.
struct process_exit {
  exit_reason reason;
};

/// As process_exit, to give the stack back; the continuation lies in process::body.
struct hibernation {};

/// Takes a slot and fills it in; nobody knows the process yet. Then put a function into body and commit, or
/// abandon it. Throws std::bad_alloc, or name_taken. `ref` is set to the
/// spawner's monitor if one was asked for.
process& begin_spawn(scheduler& sched, const spawn_plan& plan, monitor_ref& ref);
void commit_spawn(process& p) noexcept;
void abandon_spawn(process& p) noexcept;

/// Runs a process until it switches out; the runnable::run of processes.
void run_process(runnable& self, carrier& on);

/// First frame on a process's stack.
void process_main(process& p) noexcept;

/// Called from the terminate handler: ends the current process, abandoning its stack. Returns if the caller
/// is not a process or the engine itself is at fault.
void end_by_terminate() noexcept;

/// Gives the rest of the turn away.
void yield_turn(process& p);

/// Counts `n` reductions; gives way if the budget of this turn is used up.
inline void spend(process& p, int n = 1) {
  p.budget -= n;
  if (p.budget <= 0)
    yield_turn(p);
}

/// Moving this many bytes costs about as much as a message.
constexpr std::int64_t bytes_per_reduction = 4096;

/// As spend, for an operation that has moved so many.
inline void spend_on(process& p, std::int64_t bytes, std::int64_t each = bytes_per_reduction) {
  spend(p, 1 + static_cast<int>(bytes / each));
}

/// A parked process in the hands of somebody who only looks at it, or tidies up behind it. False: it was not
/// parked. By then it may be another process than was meant: the slot's next. Any thread.
class parked_hold {
public:
  explicit parked_hold(process& p) noexcept;
  ~parked_hold();
  parked_hold(const parked_hold&) = delete;
  parked_hold& operator=(const parked_hold&) = delete;

  explicit operator bool() const noexcept { return held_ != nullptr; }

private:
  process* held_;
};

} // namespace perron::runtime::core
