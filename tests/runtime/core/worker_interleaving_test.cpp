// SPDX-License-Identifier: BSD-3-Clause
// How a worker sleeps, is woken and is stopped, and how the watchdog sleeps behind it: the steps of
// worker.cpp and scheduler.cpp, written once more without their system calls, under every schedule, with
// store buffers.
#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace perron::runtime::core {
namespace {

using interleave::explore;
using interleave::model_atomic;
using interleave::options;
using interleave::outcome;
using interleave::plain;
using interleave::run;
using interleave::semaphore;

enum class mutant : std::uint8_t {
  none,
  worker_does_not_look_again,
  worker_looks_before_it_says_that_it_sleeps,
  worker_says_so_with_a_plain_store,
  poster_asks_before_it_posts,
  poster_does_not_ring,
  stop_rings_before_it_is_set,
  worker_does_not_look_whether_to_stop,
  watchdog_does_not_look_again,
  watchdog_says_so_with_a_plain_store,
  worker_calls_before_it_is_awake,
};

constexpr options buffered{.store_buffers = true};

struct job {
  job* next = nullptr;
  plain<int> content = 0;
  bool ran = false;
};

template <mutant Mistake = mutant::none>
struct worker {
  run& r;
  model_atomic<job*> inbox = nullptr;
  model_atomic<bool> sleeping = false;
  model_atomic<bool> stopping = false;
  semaphore alarm; ///< an eventfd in a poller
  std::array<job, 2> jobs;
  int ran = 0;

  explicit worker(run& of) : r(of) {
    r.label(inbox, "inbox");
    r.label(sleeping, "sleeping");
    r.label(stopping, "stopping");
    r.label(alarm, "alarm");
    r.label(jobs[0], "job 1");
    r.label(jobs[1], "job 2");
  }

  void post(job& posted) {
    posted.content = 1;
    const bool asleep = Mistake == mutant::poster_asks_before_it_posts && sleeping.load();
    job* seen = inbox.load(std::memory_order_relaxed);
    do
      posted.next = seen;
    while (!inbox.compare_exchange_weak(seen, &posted, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (Mistake == mutant::poster_does_not_ring)
      return;
    if (Mistake == mutant::poster_asks_before_it_posts ? asleep : sleeping.load() && sleeping.exchange(false))
      alarm.raise();
  }

  void stop() {
    if (Mistake == mutant::stop_rings_before_it_is_set)
      alarm.raise();
    stopping.exchange(true);
    if (Mistake != mutant::stop_rings_before_it_is_set)
      alarm.raise();
  }

  bool take_inbox() {
    if (inbox.load(std::memory_order_relaxed) == nullptr)
      return false;
    for (job* each = inbox.exchange(nullptr, std::memory_order_acquire); each != nullptr; each = each->next) {
      r.check(each->content == 1, "content not seen");
      r.check(!each->ran, "ran twice");
      each->ran = true;
      ++ran;
    }
    return true;
  }

  void idle() {
    const bool looked_early =
        Mistake == mutant::worker_looks_before_it_says_that_it_sleeps && inbox.load() == nullptr;
    sleeping.store(true, Mistake == mutant::worker_says_so_with_a_plain_store ? std::memory_order_release
                                                                              : std::memory_order_seq_cst);
    const bool nothing = Mistake == mutant::worker_does_not_look_again ? true
                         : Mistake == mutant::worker_looks_before_it_says_that_it_sleeps
                             ? looked_early
                             : inbox.load() == nullptr;
    if (nothing && (Mistake == mutant::worker_does_not_look_whether_to_stop || !stopping.load()))
      over = !alarm.wait();
    sleeping.store(false);
  }

  void live() {
    while (!over && !stopping.load())
      if (!take_inbox())
        idle();
  }

  bool over = false; ///< asleep, and nobody is left to wake it
};

template <mutant Mistake>
outcome posting() {
  return explore(buffered, [](run& r) {
    worker<Mistake> w(r);
    r.thread("worker", [&w] { w.live(); });
    r.thread("poster 1", [&w] { w.post(w.jobs[0]); });
    r.thread("poster 2", [&w] { w.post(w.jobs[1]); });
    r.go();
    r.check(w.ran == 2, "asleep with work");
  });
}

template <mutant Mistake>
outcome stopping() {
  return explore(buffered, [](run& r) {
    worker<Mistake> w(r);
    r.thread("worker", [&w] { w.live(); });
    r.thread("poster", [&w] { w.post(w.jobs[0]); });
    r.thread("stopper", [&w] { w.stop(); });
    r.go();
    r.check(!w.over, "never stopped");
    w.take_inbox();
    r.check(w.ran == 1, "an errand was lost");
  });
}

/// A watchdog that may only sleep while the worker does.
template <mutant Mistake>
outcome watching() {
  return explore(buffered, [](run& r) {
    model_atomic<bool> worker_sleeps = true;
    model_atomic<bool> watchdog_sleeps = false;
    semaphore lock{1};
    semaphore bell; ///< a condition variable; a notification waits for who has given the lock back
    r.label(worker_sleeps, "worker sleeps");
    r.label(watchdog_sleeps, "watchdog sleeps");
    r.label(lock, "lock");
    r.label(bell, "bell");
    bool over = false;
    const auto acquire = [&] { r.check(lock.wait(), "deadlock"); };
    r.thread("watchdog", [&] {
      acquire();
      watchdog_sleeps.store(true, Mistake == mutant::watchdog_says_so_with_a_plain_store
                                      ? std::memory_order_release
                                      : std::memory_order_seq_cst);
      if (Mistake == mutant::watchdog_does_not_look_again || worker_sleeps.load())
        while (!over && watchdog_sleeps.load(std::memory_order_relaxed)) {
          lock.post();
          over = !bell.wait();
          acquire();
        }
      watchdog_sleeps.store(false, std::memory_order_relaxed);
      lock.post();
    });
    r.thread("worker", [&] {
      if (Mistake != mutant::worker_calls_before_it_is_awake)
        worker_sleeps.store(false);
      if (watchdog_sleeps.load() && watchdog_sleeps.exchange(false)) {
        acquire();
        lock.post();
        bell.raise();
      }
      if (Mistake == mutant::worker_calls_before_it_is_awake)
        worker_sleeps.store(false);
    });
    r.go();
    r.check(!over, "nobody watches a worker that is awake");
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

TEST(worker_interleavings, never_sleeps_with_work) { expect_holds(posting<mutant::none>()); }
TEST(worker_interleavings, stops_and_loses_no_errand) { expect_holds(stopping<mutant::none>()); }
TEST(worker_interleavings, is_watched_when_awake) { expect_holds(watching<mutant::none>()); }

TEST(worker_interleavings, stops_even_without_the_second_look_because_the_alarm_stays_raised) {
  expect_holds(stopping<mutant::worker_does_not_look_whether_to_stop>());
}

TEST(worker_mutants, worker_does_not_look_again) {
  expect_found(posting<mutant::worker_does_not_look_again>(), "asleep with work");
}

TEST(worker_mutants, worker_looks_before_it_says_that_it_sleeps) {
  expect_found(posting<mutant::worker_looks_before_it_says_that_it_sleeps>(), "asleep with work");
}

TEST(worker_mutants, worker_says_so_with_a_plain_store) {
  expect_found(posting<mutant::worker_says_so_with_a_plain_store>(), "asleep with work");
}

TEST(worker_mutants, poster_asks_before_it_posts) {
  expect_found(posting<mutant::poster_asks_before_it_posts>(), "asleep with work");
}

TEST(worker_mutants, poster_does_not_ring) {
  expect_found(posting<mutant::poster_does_not_ring>(), "asleep with work");
}

TEST(worker_mutants, stop_rings_before_it_is_set) {
  expect_found(stopping<mutant::stop_rings_before_it_is_set>(), "never stopped");
}

TEST(worker_mutants, watchdog_does_not_look_again) {
  expect_found(watching<mutant::watchdog_does_not_look_again>(), "nobody watches");
}

TEST(worker_mutants, watchdog_says_so_with_a_plain_store) {
  expect_found(watching<mutant::watchdog_says_so_with_a_plain_store>(), "nobody watches");
}

TEST(worker_mutants, worker_calls_before_it_is_awake) {
  expect_found(watching<mutant::worker_calls_before_it_is_awake>(), "nobody watches");
}

} // namespace
} // namespace perron::runtime::core
