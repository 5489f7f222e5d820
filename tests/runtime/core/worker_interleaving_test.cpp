// SPDX-License-Identifier: BSD-3-Clause
// How a worker sleeps, is woken and is stopped, and how the watchdog sleeps behind it: under every schedule,
// with store buffers. The inbox and the sleeper are the engine's own; a mutant is a copy with one step
// changed.
#include <perron/runtime/core/inbox.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <type_traits>

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

/// The sleeper again, with one mistake.
template <mutant Mistake>
class faulty_sleeper {
public:
  void fall_asleep() { asleep_.store(true, saying_so); }
  void wake_up() { asleep_.store(false); }
  bool is_asleep() const { return asleep_.load(); }
  bool seems_asleep() const { return asleep_.load(std::memory_order_relaxed); }
  bool claim() { return asleep_.load() && asleep_.exchange(false); }

private:
  static constexpr auto saying_so = Mistake == mutant::worker_says_so_with_a_plain_store ||
                                            Mistake == mutant::watchdog_says_so_with_a_plain_store
                                        ? std::memory_order_release
                                        : std::memory_order_seq_cst;
  model_atomic<bool> asleep_ = false;
};

/// The inbox again, with one mistake.
template <mutant Mistake>
class faulty_inbox {
public:
  bool post(job& posted) {
    const bool asleep = Mistake == mutant::poster_asks_before_it_posts && owner.is_asleep();
    job* seen = newest_.load(std::memory_order_relaxed);
    do
      posted.next = seen;
    while (
        !newest_.compare_exchange_weak(seen, &posted, std::memory_order_seq_cst, std::memory_order_relaxed));
    if (Mistake == mutant::poster_does_not_ring)
      return false;
    return Mistake == mutant::poster_asks_before_it_posts ? asleep : owner.claim();
  }

  bool empty() const { return newest_.load(std::memory_order_relaxed) == nullptr; }

  job* take_all() { return empty() ? nullptr : newest_.exchange(nullptr, std::memory_order_acquire); }

  bool may_sleep() {
    const bool looked_early =
        Mistake == mutant::worker_looks_before_it_says_that_it_sleeps && newest_.load() == nullptr;
    owner.fall_asleep();
    if (Mistake == mutant::worker_does_not_look_again)
      return true;
    return Mistake == mutant::worker_looks_before_it_says_that_it_sleeps ? looked_early
                                                                         : newest_.load() == nullptr;
  }

  faulty_sleeper<Mistake> owner;

private:
  model_atomic<job*> newest_ = nullptr;
};

template <mutant Mistake>
using sleeper_with =
    std::conditional_t<Mistake == mutant::none, sleeper<model_atomic>, faulty_sleeper<Mistake>>;
template <mutant Mistake>
using inbox_with =
    std::conditional_t<Mistake == mutant::none, inbox<job, model_atomic>, faulty_inbox<Mistake>>;

/// worker.cpp and scheduler.cpp without what they do besides.
template <mutant Mistake = mutant::none>
struct worker {
  run& r;
  inbox_with<Mistake> incoming;
  model_atomic<bool> stopping = false;
  semaphore alarm; ///< of the poller
  std::array<job, 2> jobs;
  int ran = 0;

  explicit worker(run& of) : r(of) {
    r.label(incoming, "inbox");
    r.label(stopping, "stopping");
    r.label(alarm, "alarm");
    r.label(jobs[0], "job 1");
    r.label(jobs[1], "job 2");
  }

  void post(job& posted) {
    posted.content = 1;
    if (incoming.post(posted))
      alarm.raise();
  }

  void stop() {
    if (Mistake == mutant::stop_rings_before_it_is_set)
      alarm.raise();
    stopping.exchange(true);
    if (Mistake != mutant::stop_rings_before_it_is_set)
      alarm.raise();
  }

  bool take_incoming() {
    bool any = false;
    for (job* each = incoming.take_all(); each != nullptr; each = each->next) {
      r.check(each->content == 1, "content not seen");
      r.check(!each->ran, "ran twice");
      each->ran = true;
      any = true;
      ++ran;
    }
    return any;
  }

  void idle() {
    if (incoming.may_sleep() && (Mistake == mutant::worker_does_not_look_whether_to_stop || !stopping.load()))
      over = !alarm.wait();
    incoming.owner.wake_up();
  }

  void live() {
    while (!over && !stopping.load())
      if (!take_incoming())
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
    w.take_incoming();
    r.check(w.ran == 1, "an errand was lost");
  });
}

/// A watchdog that may only sleep while the worker does.
template <mutant Mistake>
outcome watching() {
  return explore(buffered, [](run& r) {
    sleeper_with<mutant::none> of_worker;
    sleeper_with<Mistake> of_watchdog;
    semaphore lock{1};
    semaphore bell; ///< a condition variable; a notification waits for who has given the lock back
    r.label(of_worker, "worker sleeps");
    r.label(of_watchdog, "watchdog sleeps");
    r.label(lock, "lock");
    r.label(bell, "bell");
    bool over = false;
    of_worker.fall_asleep();
    const auto acquire = [&] { r.check(lock.wait(), "deadlock"); };
    r.thread("watchdog", [&] {
      acquire();
      of_watchdog.fall_asleep();
      if (Mistake == mutant::watchdog_does_not_look_again || of_worker.is_asleep())
        while (!over && of_watchdog.seems_asleep()) {
          lock.post();
          over = !bell.wait();
          acquire();
        }
      of_watchdog.wake_up();
      lock.post();
    });
    r.thread("worker", [&] {
      if (Mistake != mutant::worker_calls_before_it_is_awake)
        of_worker.wake_up();
      if (of_watchdog.claim()) {
        acquire();
        lock.post();
        bell.raise();
      }
      if (Mistake == mutant::worker_calls_before_it_is_awake)
        of_worker.wake_up();
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
