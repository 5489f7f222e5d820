// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process_table.hpp>
#include <perron/runtime/core/stack_pool.hpp>
#include <perron/runtime/core/worker.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace perron::runtime::core {

class name_table;
class group_table;
class blocking_pool;

struct turn_seen;

struct scheduler_options {
  unsigned workers = 0; ///< 0: one per processor this process may use
  std::size_t stack_bytes = 64 * 1024;
  unsigned most_carriers = 64; ///< threads that may run processes, spare ones for stuck workers included
  unsigned watchdog_ms = 3;    ///< who has not given way for two of these loses his worker; 0: never
  unsigned blocking_threads = 32;
};

/// The engine of one node: workers, the carriers that run them, the watchdog, and what they share.
///
/// Start: workers, then carriers, then the watchdog. Stop, in this order: (1) no process is left (the
/// caller's duty) (2) stopping = true (3) the watchdog ends (4) every worker and every spare carrier is woken
/// (5) each carrier leaves its loop when it next looks and finds stopping set (6) threads are joined (7) each
/// worker runs the errands still in its inbox and drops its timers (8) tables are freed.
struct scheduler {
  scheduler(const scheduler_options& options, const shell_operations& shell);
  ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  void start();
  void stop();

  /// Queues a job wherever it fits best. Any thread.
  void schedule(runnable& job) noexcept;
  /// Queues a process, minding where it may run. Any thread.
  void schedule(process& p) noexcept;
  /// As schedule, for who was called or answered: where it can it goes on next (worker::push_next).
  void schedule_next(process& p) noexcept;
  /// Wakes one sleeping worker, if any, to steal from `from`.
  void wake_one(worker& from) noexcept;
  /// To be called when a worker gets busy; cheap unless the watchdog sleeps.
  void wake_watchdog() noexcept;

  std::uint64_t now_ms() const noexcept;
  /// The node time of a reading of the monotonic clock.
  std::uint64_t ms_at(std::uint64_t ns) const noexcept { return (ns - started_ns_) / 1'000'000U; }
  /// Node time at which something `ns` from now is due, rounded up to the next tick.
  std::uint64_t due_in(std::uint64_t ns) const noexcept;
  std::uint64_t take_ids() noexcept;
  /// A free slot for callers without a worker.
  process* take_slot() { return table.take_one(); }
  /// The pool of stacks of at least that many bytes, above the default.
  stack_pool& large_stacks(std::size_t bytes);
  /// Processes that have been spawned and have not ended.
  std::uint64_t alive() const noexcept;

  void carrier_main(carrier& c);

  const scheduler_options options;
  const shell_operations shell;
  process_table table;
  stack_pool stacks;
  std::vector<std::unique_ptr<worker>> workers;
  std::unique_ptr<name_table> names;
  std::unique_ptr<group_table> groups;
  std::unique_ptr<blocking_pool> blocking;
  void* actors = nullptr; ///< the CAF actor system; of runtime/caf only
  std::atomic<bool> stopping{false};
  /// Counted here by whoever has no worker at hand; not on the cache line of what workers look at each turn.
  alignas(64) std::atomic<std::uint64_t> spawned_elsewhere{0};
  std::atomic<std::uint64_t> ended_elsewhere{0};
  std::atomic<std::uint64_t> timers_armed_elsewhere{0};
  std::atomic<std::uint64_t> crashes{0};
  std::atomic<std::uint64_t> crash_reports_dropped{0};
  std::atomic<std::uint64_t> abandoned_stacks{0};
  std::atomic<std::uint64_t> sockets_open{0};
  /// Called by a dying process with an abnormal reason, on its own stack.
  alignas(64) std::function<void(process&, const exit_reason&)> on_crash;

  static constexpr std::uint64_t ids_per_block = 1U << 16;

private:
  void watchdog_main();
  static turn_seen look_at(const worker& w, const carrier& c) noexcept;
  bool all_asleep() const noexcept;
  bool any_asleep() const noexcept;
  bool only_waits_for_processor(carrier& c, std::uint64_t had_ns) const noexcept;
  void take_over(worker& w);
  carrier* spare_carrier();
  carrier& new_carrier();

  const std::uint64_t started_ns_;
  std::mutex large_stacks_lock_;
  std::map<std::size_t, std::unique_ptr<stack_pool>> large_stacks_;
  std::atomic<std::uint64_t> next_ids_{1};
  std::atomic<unsigned> next_worker_{0};
  std::mutex carriers_lock_;
  std::vector<std::unique_ptr<carrier>> carriers_;
  std::vector<carrier*> spares_;
  std::thread watchdog_;
  std::mutex watchdog_lock_;
  std::condition_variable watchdog_bell_;
  sleeper<> watchdog_sleep_;
};

/// A number never used before in this node: for processes, monitors, links, calls.
std::uint64_t fresh_number(scheduler& s) noexcept;

inline bool on_stop_requested(const scheduler& s) noexcept {
  return s.stopping.load(std::memory_order_seq_cst);
}

} // namespace perron::runtime::core
