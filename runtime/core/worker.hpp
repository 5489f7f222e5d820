// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/counter.hpp>
#include <perron/runtime/core/inbox.hpp>
#include <perron/runtime/core/poller.hpp>
#include <perron/runtime/core/process_table.hpp>
#include <perron/runtime/core/run_queue.hpp>
#include <perron/runtime/core/stack_pool.hpp>
#include <perron/runtime/core/timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace perron::runtime::core {

struct carrier;
struct scheduler;

/// One share of the node's work: a run queue, a poller, a timing wheel and an inbox for other threads. Not a
/// thread: it is held by one carrier at a time (see handover.hpp). A worker without work sleeps in its
/// poller, so that a message, a timer and a socket wake it alike.
///
/// | field             | who may touch it                                                      |
/// |-------------------|-----------------------------------------------------------------------|
/// | incoming, sharing,| any thread                                                            |
/// |  poll.wake        |                                                                       |
/// | ready             | see run_queue; owner = the carrier that holds the worker              |
/// | overflow          | any worker, with overflow_lock                                        |
/// | carried_by        | written by the watchdog and at start and stop                         |
/// | polled_ns,        | written by the owner, read by the watchdog; the latter also written   |
/// |  polled_at_turn   |  by it when it gives the worker to another carrier                    |
/// | the figures       | counted by the owner, read by anybody                                 |
/// | everything else   | the carrier that holds the worker, while inside                       |
///
/// How it sleeps and is woken: see inbox.
struct worker {
  worker(scheduler& s, unsigned i);

  // -- queues
  /// Queues ready work here.
  void push(runnable& job) noexcept;
  /// As push, for who was called or answered by the process that runs here: it goes on next, so that a call
  /// does not queue twice behind everybody else. A few times in a row; then others have their turn.
  void push_next(runnable& job) noexcept;
  void push_pinned(runnable& job) noexcept { pinned.push(job); }
  /// For what is done more cheaply together than one by one between other things: it goes on when nothing
  /// else is ready, at the latest a few turns from now or behind one that is long.
  void push_late(runnable& job) noexcept {
    if (late.empty())
      late_since_ = rough_ticks();
    late.push(job);
  }
  /// From any thread. `reads`: see inbox::post.
  void post(runnable& job, const void* reads = nullptr) noexcept;
  /// The next job, or null; polls sockets and timers every so many turns.
  runnable* next() noexcept;
  /// Nothing to run: looks elsewhere, then sleeps until something happens.
  void idle();
  /// For the process that runs here and is about to wait: if it is all there is to run, stays with it for as
  /// long as idle() would look for work before it sleeps. True: something has arrived for it. That spares
  /// both sides the way through the inbox and two switches, half of what an answer from another worker costs.
  bool linger(const process& p) noexcept;
  /// Whether that may be worth it: sleeps were short, and it was others who posted jobs that ended them.
  bool expects_mail() const noexcept { return spin_rounds_ != 0; }

  // -- timers
  /// Milliseconds since the node started, as of now.
  std::uint64_t now_ms() const noexcept;
  void arm(wheel_timer& t, std::uint64_t due_ms) noexcept { wheel.arm(t, due_ms); }
  void disarm(wheel_timer& t) noexcept { wheel.cancel(t); }

  std::uint64_t new_id() noexcept;
  std::size_t queue_length() const noexcept {
    return ready.size() + overflow_size.load(std::memory_order_relaxed);
  }
  /// Whether others may steal from here. Any thread.
  void share_work(bool yes) noexcept {
    if (sharing.load(std::memory_order_relaxed) != yes)
      sharing.store(yes, std::memory_order_relaxed);
  }

  // Each on a cache line of its own: others write the one; they look at the other whenever they run out of
  // work, which costs next to nothing as long as it is written only when it changes.
  alignas(64) inbox<runnable> incoming;
  alignas(64) std::atomic<bool> sharing{false}; ///< it is behind with its work: others may take some

  alignas(64) scheduler& sched;
  const unsigned index;

  run_queue<runnable> ready;
  std::mutex overflow_lock;
  runnable_list overflow;
  std::atomic<std::size_t> overflow_size{0};
  runnable_list pinned;
  runnable_list late;

  poller poll;
  timing_wheel wheel;
  std::uint64_t polled_ms = 0; ///< node time when timers were last looked at; for coarse deadlines
  std::atomic<std::uint64_t> polled_ns{0};      ///< the same by the monotonic clock
  std::atomic<std::uint64_t> polled_at_turn{0}; ///< the carrier's count of turns then
  slot_cache slots;
  stack_cache stacks;
  std::atomic<carrier*> carried_by{nullptr};
  std::unique_ptr<char[]> scratch; ///< shared read buffer for handlers of sockets

  // -- figures
  counter spawned;
  counter ended;
  counter crashed;
  counter messages;
  counter turns;
  counter idles; ///< times it ran out of work
  counter stolen;
  counter polls;
  counter slept_ns;
  counter taken_over;
  counter timers_armed;
  counter timers_gone;

  static constexpr std::size_t scratch_bytes = 64 * 1024;

private:
  std::size_t poll_now(int timeout_ms) noexcept;
  void look_around() noexcept;
  void share() noexcept;
  void take_incoming() noexcept;
  void refill() noexcept;
  bool steal_some() noexcept;
  runnable* next_late() noexcept;
  bool spin() noexcept;
  bool has_work() const noexcept;
  bool somebody_shares() const noexcept;
  std::uint64_t give_way() noexcept;

  std::uint64_t next_id_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t poll_cost_ns_ = 0; ///< what the last look at sockets and timers took
  std::uint64_t idle_ns_ = 0;      ///< end of its last idle moment
  unsigned tick_ = 0;
  unsigned through_at_ = 0; ///< tick_ when all that was ready at the last look at sockets has had a turn
  bool pinned_turn_ = false;
  std::uint64_t late_since_ = 0;
  bool late_turn_ = false;      ///< until none is left
  runnable* up_next_ = nullptr; ///< of push_next
  unsigned in_a_row_ = 0;       ///< turns given to such
  std::uint32_t spin_rounds_ = 0;
  bool lingered_in_vain_ = false;                   ///< so idle() need not spin
  std::uint64_t last_sleep_ns_ = ~std::uint64_t(0); ///< how long it slept when it last did
  std::uint64_t give_way_from_ns_ = 0;              ///< until then it does not give way to other threads
  bool nobody_there_ = false; ///< when it last gave way, no other thread wanted the processor
  unsigned alone_ = 0;        ///< times it has not given way for that reason
};

} // namespace perron::runtime::core
