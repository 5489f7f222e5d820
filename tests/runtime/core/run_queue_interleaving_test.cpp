// SPDX-License-Identifier: BSD-3-Clause
// The run queue under every schedule of small scenarios; and copies of it with one step changed, which must
// fail.
#include <perron/runtime/core/run_queue.hpp>

#include "support/interleave.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace perron::runtime::core {
namespace {

using interleave::explore;
using interleave::model_atomic;
using interleave::options;
using interleave::outcome;
using interleave::plain;
using interleave::run;

struct item {
  int number = 0;
  plain<int> content = 0; ///< stands for the process that is queued
};

template <std::size_t Capacity>
using queue = run_queue<item, Capacity, model_atomic>;

/// A queue of any make, and who got what.
template <class Queue>
struct bench {
  run& r;
  Queue ready;
  std::deque<item> items;
  std::array<std::vector<item*>, 3> got; ///< [0]: by the owner
  std::vector<item*> refused;

  bench(run& of, int count) : r(of) {
    r.label(ready, "queue");
    for (int i = 1; i <= count; ++i) {
      item& made = items.emplace_back();
      made.number = i;
      r.label(made, "item " + std::to_string(i));
    }
  }

  void push(item& pushed) {
    pushed.content = pushed.number;
    if (!ready.push(&pushed))
      refused.push_back(&pushed);
  }

  /// Whoever has got an item runs it.
  void take(std::size_t who, item* taken) {
    r.check(taken != nullptr, "took nothing");
    if (taken == nullptr)
      return;
    r.check(taken->content == taken->number, "content not seen");
    taken->content = taken->number;
    got[who].push_back(taken);
  }

  bool pop() {
    item* popped = ready.pop();
    if (popped != nullptr)
      take(0, popped);
    return popped != nullptr;
  }

  template <std::size_t Most>
  void steal(std::size_t who) {
    std::array<item*, Most> batch{};
    const std::size_t count = ready.steal(batch);
    r.check(count <= Most, "stole more than asked for");
    for (std::size_t i = 0; i < count && i < Most; ++i)
      take(who, batch[i]);
  }

  void check_at_end() {
    while (pop()) {
    }
    std::vector<int> seen(items.size() + 1);
    for (const auto* list : {&got[0], &got[1], &got[2], &refused})
      for (const item* each : *list)
        ++seen[static_cast<std::size_t>(each->number)];
    for (const item& each : items) {
      r.check(seen[static_cast<std::size_t>(each.number)] != 0, "an item was lost");
      r.check(seen[static_cast<std::size_t>(each.number)] < 2, "an item was taken twice");
    }
    for (const auto& list : got)
      for (std::size_t i = 1; i < list.size(); ++i)
        r.check(list[i - 1]->number < list[i]->number, "not first in, first out");
  }
};

/// What the owner does, one letter each: P pushes the next item, o pops.
template <class Queue, std::size_t Most = 2>
outcome owner_and_thieves(std::string_view script, int thieves, int steals, options how = {}) {
  int items = 0;
  for (const char c : script)
    items += c == 'P' ? 1 : 0;
  return explore(how, [=](run& r) {
    bench<Queue> b(r, items);
    r.thread("owner", [&b, script] {
      std::size_t next = 0;
      for (const char c : script) {
        if (c == 'P')
          b.push(b.items[next++]);
        else
          b.pop();
      }
    });
    constexpr std::array<const char*, 3> names{"", "thief 1", "thief 2"};
    for (int i = 1; i <= thieves; ++i) {
      const auto who = static_cast<std::size_t>(i);
      r.thread(names[who], [&b, who, steals] {
        for (int n = 0; n < steals; ++n)
          b.template steal<Most>(who);
      });
    }
    r.go();
    b.check_at_end();
  });
}

void expect_holds(const outcome& found) {
  EXPECT_TRUE(found.holds) << found.report;
  ::testing::Test::RecordProperty("schedules", std::to_string(found.schedules));
}

TEST(run_queue_interleavings, one_thief_around_the_ring_of_two) {
  expect_holds(owner_and_thieves<queue<2>>("PPoPoPPoo", 1, 2));
}

TEST(run_queue_interleavings, one_thief_around_the_ring_of_four) {
  expect_holds(owner_and_thieves<queue<4>>("PPPPPooPPo", 1, 2));
}

TEST(run_queue_interleavings, weak_compare_exchanges_that_fail_for_no_reason) {
  expect_holds(owner_and_thieves<queue<2>>("PPoPo", 1, 1, {.spurious_failures = 2}));
}

TEST(run_queue_interleavings, two_thieves_and_a_ring_of_two) {
  expect_holds(owner_and_thieves<queue<2>>("PPoP", 2, 1));
}

TEST(run_queue_interleavings, two_thieves_and_a_ring_of_four_with_few_interruptions) {
  expect_holds(owner_and_thieves<queue<4>>("PPPPoPoPPooo", 2, 2, {.preemptions = 3}));
}

TEST(run_queue_interleavings, two_thieves_that_take_one_each) {
  expect_holds(owner_and_thieves<queue<2>, 1>("PPPo", 2, 1));
}

TEST(run_queue_interleavings, store_buffers_change_nothing) {
  expect_holds(owner_and_thieves<queue<2>>("PPoPPo", 1, 2, {.store_buffers = true}));
}

TEST(run_queue_interleavings, an_owner_alone_refuses_what_does_not_fit) {
  const outcome found = explore({}, [](run& r) {
    bench<queue<2>> b(r, 5);
    r.thread("owner", [&b] {
      for (int i = 0; i < 3; ++i)
        b.push(b.items[static_cast<std::size_t>(i)]);
      b.r.check(b.ready.size() == 2 && b.refused.size() == 1, "took more than fits, or less");
      b.r.check(b.pop() && b.pop() && !b.pop(), "does not give what it took");
      b.push(b.items[3]);
      b.push(b.items[4]);
      b.r.check(b.ready.size() == 2, "a slot was lost");
    });
    r.go();
    b.check_at_end();
  });
  expect_holds(found);
}

TEST(run_queue_interleavings, size_is_exact_for_an_owner_without_thieves_and_a_picture_for_others) {
  const outcome found = explore({}, [](run& r) {
    bench<queue<2>> b(r, 3);
    r.thread("owner", [&b] {
      for (item& each : b.items) {
        b.push(each);
        b.r.check(b.ready.size() == 1, "wrong size");
        b.pop();
        b.r.check(b.ready.size() == 0, "wrong size");
      }
    });
    r.thread("onlooker", [&b] { b.r.check(b.ready.size() <= 3, "negative size"); });
    r.go();
    b.check_at_end();
  });
  expect_holds(found);
}

// -- one step changed

enum class mutant : std::uint8_t {
  none,
  steal_wins_before_it_copies,
  steal_without_compare,
  pop_without_compare,
  push_publishes_before_it_fills,
  push_takes_one_too_many,
  push_without_release,
  steal_without_acquire,
  head_wraps,
};

/// The run queue again, with one mistake.
template <mutant Mistake, std::size_t Capacity = 2>
class faulty_queue {
public:
  using order = std::memory_order;

  bool push(item* pushed) {
    const std::uint64_t tail = tail_.load(order::relaxed);
    const std::uint64_t used = distance(head_.load(order::acquire), tail);
    if (Mistake == mutant::push_takes_one_too_many ? used > Capacity : used >= Capacity)
      return false;
    if (Mistake == mutant::push_publishes_before_it_fills)
      tail_.store(moved(tail, 1), order::release);
    cells_[tail % Capacity].store(pushed, order::relaxed);
    if (Mistake != mutant::push_publishes_before_it_fills)
      tail_.store(moved(tail, 1), Mistake == mutant::push_without_release ? order::relaxed : order::release);
    return true;
  }

  item* pop() {
    std::uint64_t head = head_.load(order::relaxed);
    const std::uint64_t tail = tail_.load(order::relaxed);
    while (head != tail) {
      item* popped = cells_[head % Capacity].load(order::relaxed);
      if (Mistake == mutant::pop_without_compare) {
        head_.store(moved(head, 1), order::release);
        return popped;
      }
      if (head_.compare_exchange_weak(head, moved(head, 1), order::acq_rel, order::relaxed))
        return popped;
    }
    return nullptr;
  }

  template <std::size_t Most>
  std::size_t steal(std::array<item*, Most>& out) {
    const order acquire = Mistake == mutant::steal_without_acquire ? order::relaxed : order::acquire;
    std::uint64_t head = head_.load(acquire);
    for (;;) {
      const std::uint64_t tail = tail_.load(acquire);
      const std::uint64_t there = distance(head, tail);
      if (there == 0 || there > 2 * Capacity)
        return 0;
      std::uint64_t count = (there + 1) / 2;
      if (count > Most)
        count = Most;
      if (Mistake != mutant::steal_wins_before_it_copies)
        copy(head, count, out);
      bool won = true;
      if (Mistake == mutant::steal_without_compare)
        head_.store(moved(head, count), order::release);
      else
        won = head_.compare_exchange_weak(head, moved(head, count), order::acq_rel, acquire);
      if (won && Mistake == mutant::steal_wins_before_it_copies)
        copy(head, count, out);
      if (won)
        return count;
    }
  }

private:
  /// The mutant whose head wraps counts only as far as it must to tell full from empty.
  static constexpr std::uint64_t modulus = Mistake == mutant::head_wraps ? 2 * Capacity : 0;

  static std::uint64_t moved(std::uint64_t from, std::uint64_t by) {
    return modulus == 0 ? from + by : (from + by) % (modulus + (modulus == 0));
  }
  static std::uint64_t distance(std::uint64_t head, std::uint64_t tail) {
    return modulus == 0 ? tail - head : (tail + modulus - head) % (modulus + (modulus == 0));
  }

  template <std::size_t Most>
  void copy(std::uint64_t head, std::uint64_t count, std::array<item*, Most>& out) {
    for (std::uint64_t i = 0; i < count; ++i)
      out[i] = cells_[(head + i) % Capacity].load(order::relaxed);
  }

  model_atomic<std::uint64_t> head_{0};
  model_atomic<std::uint64_t> tail_{0};
  std::array<model_atomic<item*>, Capacity> cells_{};
};

void expect_found(const outcome& found, const std::string& what) {
  EXPECT_FALSE(found.holds) << "the explorer missed: " << what;
  EXPECT_EQ(found.report.find(what), 0U) << found.report;
}

TEST(run_queue_mutants, the_copy_without_a_mistake_holds) {
  expect_holds(owner_and_thieves<faulty_queue<mutant::none>>("PPoPoPPoo", 1, 2));
  expect_holds(owner_and_thieves<faulty_queue<mutant::none>>("PPoP", 2, 1));
}

TEST(run_queue_mutants, steal_wins_before_it_copies) {
  expect_found(owner_and_thieves<faulty_queue<mutant::steal_wins_before_it_copies>>("PPP", 1, 1),
               "data race on item");
}

TEST(run_queue_mutants, steal_without_compare) {
  expect_found(owner_and_thieves<faulty_queue<mutant::steal_without_compare>>("PPo", 1, 1),
               "data race on item");
}

TEST(run_queue_mutants, pop_without_compare) {
  expect_found(owner_and_thieves<faulty_queue<mutant::pop_without_compare>>("PPo", 1, 1),
               "data race on item");
}

TEST(run_queue_mutants, push_publishes_before_it_fills) {
  expect_found(owner_and_thieves<faulty_queue<mutant::push_publishes_before_it_fills>>("P", 1, 1),
               "took nothing");
}

TEST(run_queue_mutants, push_takes_one_too_many) {
  expect_found(owner_and_thieves<faulty_queue<mutant::push_takes_one_too_many>>("PPP", 1, 1),
               "an item was lost");
}

TEST(run_queue_mutants, push_without_release) {
  expect_found(owner_and_thieves<faulty_queue<mutant::push_without_release>>("P", 1, 1),
               "data race on item 1");
}

TEST(run_queue_mutants, steal_without_acquire) {
  expect_found(owner_and_thieves<faulty_queue<mutant::steal_without_acquire>>("P", 1, 1),
               "data race on item 1");
}

TEST(run_queue_mutants, head_wraps) {
  expect_found(owner_and_thieves<faulty_queue<mutant::head_wraps>>("PoPoPoPoPo", 1, 1),
               "an item was taken twice");
}

} // namespace
} // namespace perron::runtime::core
