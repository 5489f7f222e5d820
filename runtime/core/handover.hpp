// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace perron::runtime::core {

/// How a worker (run queue, poller, timers) is taken from a thread whose process does not give way, although
/// that thread takes no lock and executes no barrier while things go well.
///
/// A thread is *inside* while it runs the engine and *outside* while it runs a process's code. Only inside
/// may it touch its worker.
///
/// | field   | who writes                                   | who reads   |
/// |---------|----------------------------------------------|-------------|
/// | inside_ | the thread, plainly                          | the watchdog|
/// | taken_  | the watchdog, holding the thread's lock      | the thread  |
///
/// Thread, on its way in:  (1) inside_ = 1   (2) read taken_; if set, take the lock and look again
/// Watchdog, with the lock: (a) taken_ = 1   (b) barrier on every thread  (c) read inside_; if set, taken_ =
/// 0
///                          and give up, else the worker is the watchdog's to give to another thread
///
/// Why this is safe: the barrier (b) falls either after (1), then (c) sees inside_ set and gives up, or
/// before (1), then (2) sees taken_ set and goes to wait for the lock, behind which the matter is decided.
/// Both may happen, then the watchdog gives up and the thread finds so under the lock. Neither cannot happen.
/// The cost lies with the watchdog, which does this only for a worker that looks stuck.
///
/// A thread whose worker was taken keeps taken_ set, so that every way in leads it to the lock and to the
/// knowledge that it has no worker, until its process gives way and the thread is given one again.
template <class HeavyBarrier, template <class> class Atomic = std::atomic>
class handover {
public:
  /// Thread: steps (1) and (2). False: the lock tells what was decided.
  [[nodiscard]] bool enter() noexcept {
    inside_.store(1, std::memory_order_relaxed);
    // keeps the compiler from moving (2) before (1); the processor is held by the watchdog's barrier
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return taken_.load(std::memory_order_relaxed) == 0;
  }

  /// Thread: back to the process's code. Release: the watchdog that sees this also sees the worker's state.
  void leave() noexcept { inside_.store(0, std::memory_order_release); }

  bool is_inside() const noexcept { return inside_.load(std::memory_order_relaxed) != 0; }

  /// Thread, lock held: whether the worker is still its own.
  bool still_mine() const noexcept { return taken_.load(std::memory_order_relaxed) == 0; }

  /// Thread, lock held: it has a worker again.
  void given_back() noexcept { taken_.store(0, std::memory_order_relaxed); }

  /// Watchdog, lock held: steps (a) to (c). Only for a thread that still has its worker: it has not been
  /// taken, or was given back since. True: the thread has lost its worker.
  [[nodiscard]] bool try_take() noexcept {
    taken_.store(1, std::memory_order_relaxed);
    HeavyBarrier::run();
    // acquire: pairs with leave(), so the worker's state is visible to whom it is given
    if (inside_.load(std::memory_order_acquire) == 0)
      return true;
    taken_.store(0, std::memory_order_relaxed);
    return false;
  }

private:
  Atomic<std::uint32_t> inside_{1};
  Atomic<std::uint32_t> taken_{0};
};

/// A full memory barrier on every running thread of this operating-system process (membarrier(2), private
/// expedited). About 1 to 10 µs; costs the other threads an interrupt.
struct process_wide_barrier {
  /// Registers the process with the kernel; false where the kernel cannot do it (before Linux 4.14, or in
  /// some containers): then there are no take-overs.
  static bool available() noexcept;
  static void run() noexcept;
};

} // namespace perron::runtime::core
