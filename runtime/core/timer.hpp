// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/runnable.hpp>
#include <perron/runtime/core/timing_wheel.hpp>
#include <perron/runtime/pid.hpp>

#include <atomic>
#include <cstdint>

namespace perron::runtime::core {

struct worker;
struct envelope;

/// Something in a worker's timing wheel. Fires on that worker's thread, inside the engine.
struct wheel_timer : wheel_node {
  using fire_function = void (*)(wheel_timer&, worker&);
  fire_function fire;

  explicit wheel_timer(fire_function f) noexcept : fire(f) {}
};

/// A timer that sends an envelope to a process. It lives in the wheel of the worker it was armed on, its
/// home, while the process that holds it may move to another one; so it is counted, once for the wheel and
/// once for each holder, and its end is decided by one word:
///
/// | state     | leaves it by                                                                   |
/// |-----------|--------------------------------------------------------------------------------|
/// | armed     | fire (home) -> fired; cancel (any thread) -> cancelled; by compare-exchange     |
/// | fired     | last reference frees it                                                        |
/// | cancelled | home unlinks it (at once if the canceller runs there, else by an errand), then  |
/// |           | the last reference frees it                                                    |
///
/// As an errand it can stand in one inbox at a time: who sets on_its_way posts it.
///
/// | field              | who may touch it                                                      |
/// |--------------------|-----------------------------------------------------------------------|
/// | wheel links, due   | home only; `due_ms` is the copy others may read                        |
/// | mail               | whoever moved state away from armed; the wheel itself while periodic  |
/// | arriving           | who armed it, then home                                               |
struct timer : wheel_timer, runnable {
  enum class status : std::uint8_t { armed, fired, cancelled };

  timer(envelope* what, pid to, worker* at, std::uint64_t period) noexcept;

  std::atomic<status> state{status::armed};
  std::atomic<std::uint32_t> references{2}; ///< the wheel and the one who armed it
  std::atomic<bool> on_its_way{false};      ///< stands in the inbox of its home
  bool arriving = false;                    ///< has not been to the wheel yet
  std::atomic<std::uint64_t> due_ms{0};
  worker* home;
  envelope* mail;
  pid target;
  std::uint64_t period_ms;                       ///< 0: once
  envelope* (*again)(const envelope&) = nullptr; ///< periodic: makes the next copy
};

/// Arms a timer that pushes `mail` to `to` at node time `due_ms` (rounded up, never early). The caller gets
/// one reference. From any thread; cheap on a worker, one errand to a worker from elsewhere.
timer* arm_timer(struct scheduler& sched, envelope* mail, pid to, std::uint64_t due_ms,
                 std::uint64_t period_ms = 0, envelope* (*again)(const envelope&) = nullptr);

/// Ends a timer and drops the caller's reference. True if it had not fired; its mail is destroyed.
bool cancel_timer(timer* t) noexcept;

/// Drops a reference without cancelling.
void release_timer(timer* t) noexcept;

/// At the end of a node, when no process and no thread is left: frees the timers that never went off. Those
/// of others, who must have cancelled them, stay and are counted as left over.
void free_message_timers(worker& w);

} // namespace perron::runtime::core
