// SPDX-License-Identifier: BSD-3-Clause
// The take-over of a worker under every schedule of small scenarios, with store buffers, which is what its
// barrier is for; and copies of it with one step changed, which must fail.
#include <perron/runtime/core/handover.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace perron::runtime::core {
namespace {

using interleave::explore;
using interleave::heavy_barrier;
using interleave::model_atomic;
using interleave::options;
using interleave::outcome;
using interleave::plain;
using interleave::run;
using interleave::semaphore;

using gate = handover<heavy_barrier, model_atomic>;

/// A thread with a worker behind a gate of any make.
template <class Gate>
struct carrier {
  run& r;
  Gate door;
  semaphore lock{1};
  semaphore assigned;
  plain<int> worker = 0;    ///< who touches it unasked is found
  plain<bool> owned = true; ///< guarded by the lock; else only the thread looks, inside
  int taken = 0;

  explicit carrier(run& of) : r(of) {
    r.label(door, "gate");
    r.label(lock, "lock");
    r.label(assigned, "assigned");
    r.label(worker, "worker");
    r.label(owned, "owned");
  }

  void acquire() { r.check(lock.wait(), "the lock was never given back"); }

  /// The thread goes from its process's code into the engine and back. False: it has lost its worker.
  bool pass_through() {
    bool mine = door.enter();
    if (!mine) {
      acquire();
      mine = door.still_mine();
      r.check(mine == owned, "the gate and the books differ");
      lock.post();
    }
    if (mine)
      ++worker.write();
    door.leave();
    return mine;
  }

  /// The watchdog finds the thread stuck. True: it was.
  bool take_over() {
    acquire();
    const bool won = door.try_take();
    if (won) {
      r.note("has taken the worker");
      owned = false;
      ++taken;
    }
    lock.post();
    if (won)
      ++worker.write();
    return won;
  }

  /// The process of a thread that has lost its worker gives way, and the thread is given a worker again.
  void come_back() {
    if (!assigned.wait())
      return;
    acquire();
    door.given_back();
    owned = true;
    lock.post();
    // it has stayed outside so far
    static_cast<void>(pass_through());
  }
};

/// The thread goes in and out twice while the watchdog tries to take over.
template <class Gate>
outcome one_take_over(options how = {.store_buffers = true}) {
  return explore(how, [](run& r) {
    carrier<Gate> c(r);
    c.door.leave();
    r.thread("thread", [&c] {
      if (c.pass_through())
        static_cast<void>(c.pass_through());
    });
    r.thread("watchdog", [&c] { static_cast<void>(c.take_over()); });
    r.go();
    r.check(c.owned == c.door.still_mine(), "the gate and the books differ");
  });
}

/// The worker changes hands and comes back while a watchdog tries twice.
template <class Gate>
outcome there_and_back(options how = {.store_buffers = true}) {
  return explore(how, [](run& r) {
    carrier<Gate> c(r);
    c.door.leave();
    r.thread("thread", [&c] {
      if (!c.pass_through())
        c.come_back();
    });
    r.thread("watchdog", [&c] {
      for (int i = 0; i < 2; ++i)
        if (c.take_over()) {
          c.assigned.post();
          break;
        }
    });
    r.go();
    r.check(c.owned == c.door.still_mine(), "the gate and the books differ");
  });
}

void expect_holds(const outcome& found) {
  EXPECT_TRUE(found.holds) << found.report;
  ::testing::Test::RecordProperty("schedules", std::to_string(found.schedules));
}

void expect_found(const outcome& found, const std::string& what) {
  EXPECT_FALSE(found.holds) << "the explorer missed: " << what;
  EXPECT_EQ(found.report.find(what), 0U) << found.report;
}

TEST(handover_interleavings, never_do_both_sides_hold_the_worker) {
  expect_holds(one_take_over<gate>());
  expect_holds(one_take_over<gate>({}));
}

TEST(handover_interleavings, a_worker_goes_and_comes_back) { expect_holds(there_and_back<gate>()); }

TEST(handover_interleavings, both_ways_of_deciding_happen) {
  bool taken = false;
  bool given_up = false;
  const outcome found = explore({.store_buffers = true}, [&](run& r) {
    carrier<gate> c(r);
    c.door.leave();
    r.thread("thread", [&c] { static_cast<void>(c.pass_through()); });
    r.thread("watchdog", [&c] { static_cast<void>(c.take_over()); });
    r.go();
    taken = taken || c.taken == 1;
    given_up = given_up || c.taken == 0;
  });
  expect_holds(found);
  EXPECT_TRUE(taken && given_up);
}

TEST(handover_interleavings, a_thread_that_stays_inside_keeps_its_worker) {
  const outcome found = explore({.store_buffers = true}, [](run& r) {
    carrier<gate> c(r);
    r.thread("thread", [&c] {
      ++c.worker.write();
      ++c.worker.write();
    });
    r.thread("watchdog", [&c] { c.r.check(!c.take_over(), "taken from a thread inside"); });
    r.go();
    r.check(c.door.still_mine(), "lost");
  });
  expect_holds(found);
}

// -- one step changed

enum class mutant : std::uint8_t {
  none,
  watchdog_without_barrier,
  barrier_before_the_claim,
  watchdog_looks_before_it_claims,
  thread_looks_before_it_enters,
  thread_does_not_wait_for_the_decision,
  watchdog_keeps_its_claim_when_it_gives_up,
  leave_without_release,
  watchdog_without_acquire,
};

/// The protocol again, with one mistake.
template <mutant Mistake>
class faulty_gate {
public:
  using order = std::memory_order;

  bool enter() {
    if (Mistake == mutant::thread_looks_before_it_enters) {
      const bool mine = taken_.load(order::relaxed) == 0;
      inside_.store(1, order::relaxed);
      return mine;
    }
    inside_.store(1, order::relaxed);
    return taken_.load(order::relaxed) == 0 || Mistake == mutant::thread_does_not_wait_for_the_decision;
  }

  void leave() {
    inside_.store(0, Mistake == mutant::leave_without_release ? order::relaxed : order::release);
  }

  bool still_mine() const { return taken_.load(order::relaxed) == 0; }
  void given_back() { taken_.store(0, order::relaxed); }

  bool try_take() {
    const order looking = Mistake == mutant::watchdog_without_acquire ? order::relaxed : order::acquire;
    if (Mistake == mutant::watchdog_looks_before_it_claims) {
      heavy_barrier::run();
      const bool outside = inside_.load(looking) == 0;
      if (outside)
        taken_.store(1, order::relaxed);
      heavy_barrier::run();
      return outside;
    }
    if (Mistake == mutant::barrier_before_the_claim)
      heavy_barrier::run();
    taken_.store(1, order::relaxed);
    if (Mistake != mutant::watchdog_without_barrier && Mistake != mutant::barrier_before_the_claim)
      heavy_barrier::run();
    if (inside_.load(looking) == 0)
      return true;
    if (Mistake != mutant::watchdog_keeps_its_claim_when_it_gives_up)
      taken_.store(0, order::relaxed);
    return false;
  }

private:
  model_atomic<std::uint32_t> inside_{1};
  model_atomic<std::uint32_t> taken_{0};
};

TEST(handover_mutants, the_copy_without_a_mistake_holds) {
  expect_holds(one_take_over<faulty_gate<mutant::none>>());
  expect_holds(there_and_back<faulty_gate<mutant::none>>());
}

TEST(handover_mutants, watchdog_without_barrier) {
  using faulty = faulty_gate<mutant::watchdog_without_barrier>;
  expect_found(one_take_over<faulty>(), "data race on worker");
  // without store buffers nothing is wrong: it is the barrier alone that makes the protocol hold on a
  // processor
  expect_holds(one_take_over<faulty>({}));
}

TEST(handover_mutants, barrier_before_the_claim) {
  expect_found(one_take_over<faulty_gate<mutant::barrier_before_the_claim>>(), "data race on worker");
}

TEST(handover_mutants, watchdog_looks_before_it_claims) {
  expect_found(one_take_over<faulty_gate<mutant::watchdog_looks_before_it_claims>>(), "data race on worker");
}

TEST(handover_mutants, thread_looks_before_it_enters) {
  expect_found(one_take_over<faulty_gate<mutant::thread_looks_before_it_enters>>(), "data race on worker");
}

TEST(handover_mutants, thread_does_not_wait_for_the_decision) {
  expect_found(one_take_over<faulty_gate<mutant::thread_does_not_wait_for_the_decision>>(),
               "data race on worker");
}

TEST(handover_mutants, watchdog_keeps_its_claim_when_it_gives_up) {
  expect_found(one_take_over<faulty_gate<mutant::watchdog_keeps_its_claim_when_it_gives_up>>(),
               "the gate and the books differ");
}

TEST(handover_mutants, watchdog_takes_what_is_taken) {
  // try_take() asks that the thread has a worker: giving up clears the sign that it has lost it
  const outcome found = explore({.store_buffers = true}, [](run& r) {
    carrier<gate> c(r);
    c.door.leave();
    r.thread("thread", [&c] { static_cast<void>(c.pass_through()); });
    r.thread("watchdog", [&c] {
      if (c.take_over())
        static_cast<void>(c.take_over());
    });
    r.go();
  });
  expect_found(found, "the gate and the books differ");
}

TEST(handover_mutants, leave_without_release) {
  expect_found(one_take_over<faulty_gate<mutant::leave_without_release>>(), "data race on worker");
}

TEST(handover_mutants, watchdog_without_acquire) {
  expect_found(one_take_over<faulty_gate<mutant::watchdog_without_acquire>>(), "data race on worker");
}

} // namespace
} // namespace perron::runtime::core
