// SPDX-License-Identifier: BSD-3-Clause
// That the explorer itself sees what it is there to see: the classic small programs of memory models.
#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace perron::interleave {
namespace {

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

TEST(interleaving_explorer, finds_a_lost_update) {
  const outcome found = explore({}, [](run& r) {
    model_atomic<int> counter = 0;
    const auto add = [&] { counter.store(counter.load() + 1); };
    r.label(counter, "counter");
    r.thread("a", add);
    r.thread("b", add);
    r.go();
    r.check(counter.load() == 2, "an update was lost");
  });
  EXPECT_FALSE(found.holds);
  EXPECT_EQ(found.report, "an update was lost\n"
                          "  a  counter: load 0\n"
                          "  b  counter: load 0\n"
                          "  b  counter: store 0 -> 1\n"
                          "  a  counter: store 1 -> 1\n");
}

TEST(interleaving_explorer, knows_that_read_modify_write_is_one_step) {
  const outcome found = explore({}, [](run& r) {
    model_atomic<int> counter = 0;
    for (const char* name : {"a", "b", "c"})
      r.thread(name, [&] { counter.fetch_add(1); });
    r.go();
    r.check(counter.load() == 3, "an update was lost");
  });
  EXPECT_TRUE(found.holds) << found.report;
}

TEST(interleaving_explorer, runs_every_order_of_dependent_steps) {
  std::array<bool, 6> seen{};
  const outcome found = explore({}, [&](run& r) {
    model_atomic<int> digits = 0;
    for (int digit = 1; digit <= 3; ++digit)
      r.thread("writer", [&digits, digit] {
        int old = digits.load();
        while (!digits.compare_exchange_strong(old, old * 10 + digit)) {
        }
      });
    r.go();
    const std::array<int, 6> orders{123, 132, 213, 231, 312, 321};
    for (std::size_t i = 0; i < orders.size(); ++i)
      seen[i] = seen[i] || digits.load() == orders[i];
  });
  EXPECT_TRUE(found.holds) << found.report;
  for (const bool each : seen)
    EXPECT_TRUE(each);
}

TEST(interleaving_explorer, counts_orders_of_independent_steps_once) {
  const outcome found = explore({}, [](run& r) {
    std::array<model_atomic<int>, 4> own;
    for (auto& mine : own)
      r.thread("writer", [&mine] {
        for (int i = 0; i < 3; ++i)
          mine.store(i);
      });
    r.go();
  });
  EXPECT_TRUE(found.holds) << found.report;
  EXPECT_LT(found.schedules, 2000U) << "there are 369600 orders, but only 256 states";
}

enum class between : std::uint8_t { nothing, fence, heavy_on_one_side, strong_stores };

/// Both store to their own flag and then look at the other's: may both see 0?
outcome store_buffering(bool buffers, between what) {
  return explore({.store_buffers = buffers}, [what](run& r) {
    model_atomic<int> x = 0;
    model_atomic<int> y = 0;
    int saw_y = -1;
    int saw_x = -1;
    const auto order = what == between::strong_stores ? memory_order_seq_cst : memory_order_relaxed;
    r.label(x, "x");
    r.label(y, "y");
    r.thread("a", [&] {
      x.store(1, order);
      if (what == between::fence)
        fence();
      else if (what == between::heavy_on_one_side)
        heavy_barrier::run();
      saw_y = y.load(memory_order_relaxed);
    });
    r.thread("b", [&] {
      y.store(1, order);
      if (what == between::fence)
        fence();
      saw_x = x.load(memory_order_relaxed);
    });
    r.go();
    r.check(saw_x == 1 || saw_y == 1, "both looked before the other's store");
  });
}

TEST(interleaving_explorer, buffers_stores_only_when_asked_to) {
  EXPECT_TRUE(store_buffering(false, between::nothing).holds);
  const outcome found = store_buffering(true, between::nothing);
  EXPECT_FALSE(found.holds);
  EXPECT_NE(found.report.find("a  x: store 1 (buffered)\n  a  y: load 0\n"), std::string::npos)
      << found.report;
}

TEST(interleaving_explorer, drains_buffers_at_fences_and_strong_stores) {
  EXPECT_TRUE(store_buffering(true, between::fence).holds);
  EXPECT_TRUE(store_buffering(true, between::strong_stores).holds);
}

TEST(interleaving_explorer, lets_one_heavy_barrier_serve_both_sides) {
  EXPECT_TRUE(store_buffering(true, between::heavy_on_one_side).holds);
}

TEST(interleaving_explorer, lets_a_thread_see_its_own_buffered_store) {
  const outcome found = explore({.store_buffers = true}, [](run& r) {
    model_atomic<int> x = 0;
    r.thread("a", [&] {
      x.store(1, memory_order_relaxed);
      r.check(x.load(memory_order_relaxed) != 0, "own store not seen");
      x.store(2, memory_order_relaxed);
    });
    r.thread("b", [&] {
      const int first = x.load();
      r.check(x.load() >= first, "stores arrived in another order");
    });
    r.go();
    r.check(x.load() == 2, "a store never arrived");
  });
  EXPECT_TRUE(found.holds) << found.report;
}

/// Hands a plain value over through a flag.
outcome message_passing(std::memory_order store, std::memory_order load, bool fences = false) {
  return explore({}, [=](run& r) {
    plain<int> payload = 0;
    model_atomic<bool> flag = false;
    r.label(payload, "payload");
    r.thread("sender", [&] {
      payload = 42;
      if (fences)
        fence(memory_order_release);
      flag.store(true, store);
    });
    r.thread("receiver", [&] {
      if (!flag.load(load))
        return;
      if (fences)
        fence(memory_order_acquire);
      r.check(payload == 42, "payload not seen");
    });
    r.go();
  });
}

TEST(interleaving_explorer, orders_plain_data_by_release_and_acquire) {
  EXPECT_TRUE(message_passing(memory_order_release, memory_order_acquire).holds);
  EXPECT_TRUE(message_passing(memory_order_relaxed, memory_order_relaxed, true).holds);
}

TEST(interleaving_explorer, finds_a_data_race_where_either_is_missing) {
  for (const auto& found : {message_passing(memory_order_relaxed, memory_order_acquire),
                            message_passing(memory_order_release, memory_order_relaxed)}) {
    EXPECT_FALSE(found.holds);
    EXPECT_EQ(found.report.find("data race on payload: read while sender wrote (in receiver)"), 0U)
        << found.report;
  }
}

TEST(interleaving_explorer, continues_release_sequences_through_read_modify_writes_only) {
  const auto through = [](bool store_between) {
    return explore({}, [store_between](run& r) {
      plain<int> payload = 0;
      model_atomic<int> stage = 0;
      r.thread("sender", [&] {
        payload = 42;
        stage.store(1, memory_order_release);
      });
      r.thread("courier", [&] {
        if (store_between) {
          if (stage.load(memory_order_relaxed) == 1)
            stage.store(2, memory_order_relaxed);
        } else {
          int expected = 1;
          stage.compare_exchange_strong(expected, 2, memory_order_relaxed, memory_order_relaxed);
        }
      });
      r.thread("receiver", [&] {
        if (stage.load(memory_order_acquire) == 2)
          r.check(payload == 42, "payload not seen");
      });
      r.go();
    });
  };
  EXPECT_TRUE(through(false).holds);
  EXPECT_FALSE(through(true).holds);
}

TEST(interleaving_explorer, lets_weak_compare_exchange_fail_spuriously_when_asked_to) {
  const auto once = [](int failures) {
    return explore({.spurious_failures = failures}, [](run& r) {
      model_atomic<int> x = 0;
      r.thread("a", [&] {
        int expected = 0;
        r.check(x.compare_exchange_weak(expected, 1), "failed");
      });
      r.go();
    });
  };
  EXPECT_TRUE(once(0).holds);
  EXPECT_FALSE(once(1).holds);
}

TEST(interleaving_explorer, finds_a_deadlock) {
  const outcome found = explore({}, [](run& r) {
    semaphore x{1};
    semaphore y{1};
    const auto both = [&r](semaphore& first, semaphore& second) {
      r.check(first.wait() && second.wait(), "deadlock");
      second.post();
      first.post();
    };
    r.label(x, "x");
    r.label(y, "y");
    r.thread("a", [&] { both(x, y); });
    r.thread("b", [&] { both(y, x); });
    r.go();
  });
  EXPECT_EQ(found.report.find("deadlock"), 0U) << found.report;
}

TEST(interleaving_explorer, orders_plain_data_by_a_semaphore) {
  const outcome found = explore({}, [](run& r) {
    plain<int> data = 0;
    semaphore lock{1};
    for (const char* name : {"a", "b", "c"})
      r.thread(name, [&] {
        r.check(lock.wait(), "deadlock");
        ++data.write();
        lock.post();
      });
    r.go();
    r.check(data == 3, "an update was lost");
  });
  EXPECT_TRUE(found.holds) << found.report;
}

TEST(interleaving_explorer, finds_a_thread_that_does_not_end) {
  const outcome found = explore({.most_steps = 50}, [](run& r) {
    model_atomic<bool> go_on = true;
    r.thread("a", [&] {
      while (go_on.load()) {
      }
    });
    r.thread("b", [&] { go_on.store(false); });
    r.go();
  });
  EXPECT_EQ(found.report.find("does not end"), 0U) << found.report;
}

TEST(interleaving_explorer, says_when_it_did_not_get_through) {
  const outcome found = explore({.most_schedules = 3}, [](run& r) {
    model_atomic<int> x = 0;
    r.thread("a", [&] { x.store(1), x.store(2); });
    r.thread("b", [&] { x.store(3), x.store(4); });
    r.go();
  });
  EXPECT_FALSE(found.holds);
  EXPECT_EQ(found.report.find("not exhaustive"), 0U) << found.report;
}

TEST(interleaving_explorer, interrupts_no_more_often_than_allowed) {
  const auto with = [](int preemptions) {
    return explore({.preemptions = preemptions}, [](run& r) {
      model_atomic<int> counter = 0;
      const auto add = [&] { counter.store(counter.load() + 1); };
      r.thread("a", add);
      r.thread("b", add);
      r.go();
      r.check(counter.load() == 2, "an update was lost");
    });
  };
  EXPECT_TRUE(with(0).holds);
  EXPECT_FALSE(with(1).holds);
}

} // namespace
} // namespace perron::interleave
