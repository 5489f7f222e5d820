// SPDX-License-Identifier: BSD-3-Clause
// Copies of the doorway with one step changed, in which the explorer must find the mistake.
#include "doorway_scenarios.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace perron::runtime::core::doorway_scenarios {
namespace {

enum class mutant : std::uint8_t {
  none,
  park_looks_then_sleeps,
  push_wakes_before_it_links,
  push_publishes_before_it_links,
  take_all_reads_then_empties,
  unpark_looks_then_stores,
  close_reads_then_shuts,
  close_leaves_what_came_late,
  push_without_release,
  push_without_acquire,
  take_all_without_acquire,
  park_without_release,
  unpark_without_acquire,
  open_without_release,
};

/// The doorway again, with one mistake.
template <mutant Mistake>
class faulty_door {
public:
  using pushed = door::pushed;
  using order = std::memory_order;

  void open() { word_.store(empty_mark, opening); }
  void open_parked() { word_.store(parked_mark, opening); }

  pushed push(message* node) {
    std::uintptr_t seen = word_.load(order::relaxed);
    bool woken = false;
    for (;;) {
      if (seen == closed_mark)
        return pushed::refused;
      if (Mistake == mutant::push_wakes_before_it_links && seen == parked_mark && !woken) {
        woken = word_.compare_exchange_strong(seen, empty_mark, order::acq_rel, order::relaxed);
        if (woken)
          early_wake();
        seen = woken ? empty_mark : seen;
        continue;
      }
      if (Mistake != mutant::push_publishes_before_it_links)
        node->next = as_node(seen);
      if (word_.compare_exchange_weak(seen, reinterpret_cast<std::uintptr_t>(node), pushing, order::relaxed))
        break;
    }
    if (Mistake == mutant::push_publishes_before_it_links)
      node->next = as_node(seen);
    return seen == parked_mark && !woken ? pushed::woke : pushed::queued;
  }

  bool filled() const { return word_.load(order::relaxed) > parked_mark; }
  bool is_closed() const { return word_.load(order::relaxed) == closed_mark; }
  bool is_parked() const { return word_.load(order::relaxed) == parked_mark; }

  message* take_all() {
    if (!filled())
      return nullptr;
    if (Mistake == mutant::take_all_reads_then_empties) {
      const std::uintptr_t list = word_.load(order::acquire);
      word_.store(empty_mark, order::release);
      return oldest_first(list);
    }
    return oldest_first(word_.exchange(
        empty_mark, Mistake == mutant::take_all_without_acquire ? order::relaxed : order::acquire));
  }

  bool park() {
    if (Mistake == mutant::park_looks_then_sleeps) {
      if (word_.load(order::acquire) != empty_mark)
        return false;
      word_.store(parked_mark, order::release);
      return true;
    }
    std::uintptr_t expected = empty_mark;
    return word_.compare_exchange_strong(
        expected, parked_mark, Mistake == mutant::park_without_release ? order::relaxed : order::release,
        order::relaxed);
  }

  bool unpark() {
    if (Mistake == mutant::unpark_looks_then_stores) {
      if (word_.load(order::acquire) != parked_mark)
        return false;
      word_.store(empty_mark, order::release);
      return true;
    }
    std::uintptr_t expected = parked_mark;
    return word_.compare_exchange_strong(
        expected, empty_mark, Mistake == mutant::unpark_without_acquire ? order::relaxed : order::acquire,
        order::relaxed);
  }

  message* close() {
    if (Mistake == mutant::close_reads_then_shuts) {
      const std::uintptr_t list = word_.load(order::acquire);
      word_.store(closed_mark, order::release);
      return oldest_first(list);
    }
    if (Mistake == mutant::close_leaves_what_came_late) {
      message* const list = take_all();
      word_.exchange(closed_mark, order::acq_rel);
      return list;
    }
    return oldest_first(word_.exchange(closed_mark, order::acq_rel));
  }

  /// Set by a scenario for the mutant that wakes too early.
  std::function<void()> early_wake = [] {};

private:
  static constexpr std::uintptr_t closed_mark = 0;
  static constexpr std::uintptr_t empty_mark = 1;
  static constexpr std::uintptr_t parked_mark = 2;
  static constexpr order opening = Mistake == mutant::open_without_release ? order::relaxed : order::release;
  static constexpr order pushing = Mistake == mutant::push_without_release   ? order::acquire
                                   : Mistake == mutant::push_without_acquire ? order::release
                                                                             : order::acq_rel;

  static message* as_node(std::uintptr_t word) {
    return word > parked_mark ? reinterpret_cast<message*>(word) : nullptr;
  }

  static message* oldest_first(std::uintptr_t word) {
    message* newest = as_node(word);
    message* oldest = nullptr;
    while (newest != nullptr) {
      message* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }

  model_atomic<std::uintptr_t> word_{closed_mark};
};

void expect_found(const outcome& found, const std::string& what) {
  EXPECT_FALSE(found.holds) << "the explorer missed: " << what;
  EXPECT_EQ(found.report.find(what), 0U) << found.report;
}

TEST(doorway_mutants, the_copy_without_a_mistake_holds) {
  using copy = faulty_door<mutant::none>;
  for (const outcome& found : {senders<copy>(2, 1), workers<copy>(1), wakers<copy>(), ending<copy>(false),
                               ending<copy>(true), reused<copy>()})
    EXPECT_TRUE(found.holds) << found.report;
}

TEST(doorway_mutants, park_looks_then_sleeps) {
  expect_found(senders<faulty_door<mutant::park_looks_then_sleeps>>(1, 1), "a message was lost");
}

TEST(doorway_mutants, push_publishes_before_it_links) {
  expect_found(senders<faulty_door<mutant::push_publishes_before_it_links>>(2, 1), "data race on message");
}

TEST(doorway_mutants, push_wakes_before_it_links) {
  const outcome found = explore({}, [](run& r) {
    process<faulty_door<mutant::push_wakes_before_it_links>> p(r);
    p.entrance.open_parked();
    p.entrance.early_wake = [&p] { p.ready.post(); };
    p.make(1, 1);
    r.thread("worker", [&p] {
      while (p.ready.wait())
        p.live();
    });
    r.thread("pusher", [&p] { static_cast<void>(p.push(&p.messages[0])); });
    r.go();
    p.check_asleep();
  });
  expect_found(found, "asleep with mail");
}

TEST(doorway_mutants, take_all_reads_then_empties) {
  expect_found(senders<faulty_door<mutant::take_all_reads_then_empties>>(2, 1), "a message was lost");
}

TEST(doorway_mutants, unpark_looks_then_stores) {
  expect_found(wakers<faulty_door<mutant::unpark_looks_then_stores>>(), "data race on process");
}

TEST(doorway_mutants, close_reads_then_shuts) {
  expect_found(ending<faulty_door<mutant::close_reads_then_shuts>>(false), "a message was lost");
}

TEST(doorway_mutants, close_leaves_what_came_late) {
  expect_found(ending<faulty_door<mutant::close_leaves_what_came_late>>(false), "a message was lost");
}

TEST(doorway_mutants, push_without_release) {
  expect_found(senders<faulty_door<mutant::push_without_release>>(1, 1), "data race on message 1.1");
}

TEST(doorway_mutants, push_without_acquire) {
  expect_found(senders<faulty_door<mutant::push_without_acquire>>(1, 1), "data race on process");
}

TEST(doorway_mutants, take_all_without_acquire) {
  expect_found(senders<faulty_door<mutant::take_all_without_acquire>>(1, 1), "data race on message 1.1");
}

TEST(doorway_mutants, park_without_release) {
  expect_found(senders<faulty_door<mutant::park_without_release>>(1, 1), "data race on process");
}

TEST(doorway_mutants, unpark_without_acquire) {
  expect_found(wakers<faulty_door<mutant::unpark_without_acquire>>(), "data race on process");
}

TEST(doorway_mutants, open_without_release) {
  expect_found(reused<faulty_door<mutant::open_without_release>>(), "data race on");
}

} // namespace
} // namespace perron::runtime::core::doorway_scenarios
