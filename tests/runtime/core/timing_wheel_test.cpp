// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/timing_wheel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::runtime::core {
namespace {

using ticks = std::vector<std::uint64_t>;

constexpr std::uint64_t day = std::uint64_t{24} * 3600 * 1000;
constexpr std::uint64_t range = std::uint64_t{1} << 36;

ticks advance(timing_wheel& wheel, std::uint64_t now) {
  ticks fired;
  wheel.advance(now, [&](wheel_node& node) { fired.push_back(node.due); });
  return fired;
}

/// A node that knows what it does when it fires.
struct timer : wheel_node {
  std::function<void()> action;
};

void run(timing_wheel& wheel, std::uint64_t now) {
  wheel.advance(now, [](wheel_node& node) { static_cast<timer&>(node).action(); });
}

TEST(timing_wheel, a_new_wheel_has_nothing_to_do) {
  timing_wheel wheel;
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_EQ(wheel.next_due(), std::nullopt);
  EXPECT_EQ(advance(wheel, 1000 * day), ticks{});
}

TEST(timing_wheel, a_node_costs_24_bytes) { EXPECT_EQ(sizeof(wheel_node), 24u); }

TEST(timing_wheel, fires_at_its_tick_and_not_before) {
  for (const std::uint64_t due : ticks{1, 63, 64, 65, 4095, 4096, 262'144, 5 * day, 400 * day}) {
    timing_wheel wheel;
    wheel_node node;
    wheel.arm(node, due);
    EXPECT_EQ(advance(wheel, due - 1), ticks{});
    EXPECT_TRUE(timing_wheel::linked(node));
    EXPECT_EQ(advance(wheel, due), ticks{due});
    EXPECT_FALSE(timing_wheel::linked(node));
    EXPECT_EQ(wheel.size(), 0u);
  }
}

TEST(timing_wheel, a_passed_tick_fires_at_the_next_advance) {
  timing_wheel wheel(5000);
  wheel_node node;
  wheel.arm(node, 17);
  EXPECT_EQ(wheel.next_due(), 5000u);
  EXPECT_EQ(advance(wheel, 5000), ticks{17});
}

TEST(timing_wheel, fires_in_order_of_ticks_then_of_arming) {
  timing_wheel wheel;
  std::deque<wheel_node> nodes(6);
  const std::uint64_t dues[] = {70'000, 3, 70'000, 64, 70'000, 5 * day};
  for (std::size_t i = 0; i < nodes.size(); ++i)
    wheel.arm(nodes[i], dues[i]);
  std::vector<const wheel_node*> order;
  wheel.advance(6 * day, [&](wheel_node& node) { order.push_back(&node); });
  EXPECT_EQ(order, (std::vector<const wheel_node*>{&nodes[1], &nodes[3], &nodes[0], &nodes[2], &nodes[4],
                                                   &nodes[5]}));
}

TEST(timing_wheel, equal_ticks_keep_the_order_of_arming_across_levels) {
  timing_wheel wheel;
  wheel_node early;
  wheel_node late;
  wheel.arm(early, 5000);
  advance(wheel, 4990);
  wheel.arm(late, 5000);
  std::vector<const wheel_node*> order;
  wheel.advance(5000, [&](wheel_node& node) { order.push_back(&node); });
  EXPECT_EQ(order, (std::vector<const wheel_node*>{&early, &late}));
}

TEST(timing_wheel, a_cancelled_node_does_not_fire) {
  timing_wheel wheel;
  wheel_node gone;
  wheel_node stays;
  wheel.arm(gone, 100);
  wheel.arm(stays, 100);
  wheel.cancel(gone);
  wheel.cancel(gone);
  EXPECT_FALSE(timing_wheel::linked(gone));
  EXPECT_EQ(gone.due, 100u);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(advance(wheel, 200), ticks{100});
}

TEST(timing_wheel, cancelling_the_last_node_of_a_slot_leaves_nothing_to_wake_for) {
  for (const std::uint64_t due : ticks{0, 5, 100, 10'000, 3 * day, 3 * range}) {
    timing_wheel wheel;
    wheel_node node;
    wheel.arm(node, due);
    EXPECT_NE(wheel.next_due(), std::nullopt);
    wheel.cancel(node);
    EXPECT_EQ(wheel.next_due(), std::nullopt);
  }
}

TEST(timing_wheel, arming_an_armed_node_moves_it) {
  timing_wheel wheel;
  wheel_node node;
  wheel.arm(node, 100);
  wheel.arm(node, 50'000);
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(advance(wheel, 49'999), ticks{});
  wheel.arm(node, 49'998);
  EXPECT_EQ(advance(wheel, 49'999), ticks{49'998});
}

TEST(timing_wheel, next_due_is_exact_within_64_ticks_and_never_late) {
  wheel_node near;
  wheel_node far;
  timing_wheel wheel;
  wheel.arm(far, 3 * day + 17);
  ASSERT_NE(wheel.next_due(), std::nullopt);
  EXPECT_LE(*wheel.next_due(), far.due);
  wheel.arm(near, 42);
  EXPECT_EQ(wheel.next_due(), 42u);
}

TEST(timing_wheel, a_sleeper_that_follows_next_due_wakes_at_most_six_times) {
  for (const std::uint64_t due : ticks{7, 25'000, 5 * day + 12'345, 500 * day + 1}) {
    timing_wheel wheel;
    wheel_node node;
    wheel.arm(node, due);
    ticks fired;
    int wakes = 0;
    std::uint64_t now = 0;
    while (wheel.size() != 0) {
      now = *wheel.next_due();
      fired = advance(wheel, now);
      ++wakes;
    }
    EXPECT_EQ(now, due);
    EXPECT_EQ(fired, ticks{due});
    EXPECT_LE(wakes, 6);
  }
}

TEST(timing_wheel, ticks_beyond_the_range_fire_when_due) {
  timing_wheel wheel(range - 10);
  std::deque<wheel_node> nodes(5);
  const ticks dues = {range - 5, range + 5, 2 * range - 1, 3 * range + 70'000,
                      std::numeric_limits<std::uint64_t>::max()};
  for (std::size_t i = 0; i < dues.size(); ++i)
    wheel.arm(nodes[i], dues[i]);
  EXPECT_EQ(advance(wheel, range), ticks{range - 5});
  EXPECT_EQ(advance(wheel, range + 4), ticks{});
  EXPECT_EQ(advance(wheel, range + 5), ticks{range + 5});
  EXPECT_EQ(advance(wheel, 3 * range + 69'999), ticks{2 * range - 1});
  EXPECT_EQ(advance(wheel, 3 * range + 70'000), ticks{3 * range + 70'000});
  EXPECT_TRUE(timing_wheel::linked(nodes[4]));
  wheel.cancel(nodes[4]);
}

TEST(timing_wheel, time_does_not_run_backwards) {
  timing_wheel wheel;
  advance(wheel, 1000);
  wheel_node node;
  wheel.arm(node, 1001);
  EXPECT_EQ(advance(wheel, 10), ticks{});
  EXPECT_EQ(advance(wheel, 1001), ticks{1001});
}

TEST(timing_wheel_callback, may_arm_its_own_node_again) {
  timing_wheel wheel;
  timer tick;
  ticks fired;
  std::uint64_t now = 0;
  tick.action = [&] {
    fired.push_back(now);
    wheel.arm(tick, now + 100);
  };
  wheel.arm(tick, 100);
  for (now = 0; now <= 1000; ++now)
    run(wheel, now);
  EXPECT_EQ(fired, (ticks{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000}));
  wheel.cancel(tick);
}

TEST(timing_wheel_callback, what_it_arms_for_now_waits_for_the_next_advance) {
  timing_wheel wheel;
  timer again;
  int fired = 0;
  again.action = [&] {
    ++fired;
    wheel.arm(again, again.due + 1);
  };
  wheel.arm(again, 10);
  run(wheel, 1000);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.next_due(), 1000u);
  run(wheel, 1000);
  EXPECT_EQ(fired, 2);
  wheel.cancel(again);
}

TEST(timing_wheel_callback, may_cancel_others_that_are_due_in_the_same_slot) {
  timing_wheel wheel;
  timer killer;
  std::deque<timer> others(3);
  std::vector<int> fired;
  killer.action = [&] {
    wheel.cancel(others[0]);
    wheel.cancel(others[2]);
  };
  wheel.arm(killer, 77);
  for (int i = 0; i < 3; ++i) {
    others[i].action = [&fired, i] { fired.push_back(i); };
    wheel.arm(others[i], 77);
  }
  run(wheel, 77);
  EXPECT_EQ(fired, std::vector<int>{1});
  EXPECT_EQ(wheel.size(), 0u);
}

TEST(timing_wheel_callback, may_postpone_others_that_are_due_in_the_same_slot) {
  timing_wheel wheel;
  timer first;
  timer second;
  int fired = 0;
  first.action = [&] { wheel.arm(second, 78); };
  second.action = [&] { ++fired; };
  wheel.arm(first, 77);
  wheel.arm(second, 77);
  run(wheel, 77);
  EXPECT_EQ(fired, 0);
  run(wheel, 78);
  EXPECT_EQ(fired, 1);
}

TEST(timing_wheel_callback, may_cancel_nodes_of_later_slots_of_the_same_advance) {
  timing_wheel wheel;
  timer killer;
  timer later;
  later.action = [] { FAIL() << "cancelled before"; };
  killer.action = [&] { wheel.cancel(later); };
  wheel.arm(killer, 5);
  wheel.arm(later, 100'000);
  run(wheel, day);
  EXPECT_EQ(wheel.next_due(), std::nullopt);
}

TEST(timing_wheel_callback, may_destroy_its_node) {
  timing_wheel wheel;
  auto node = std::make_unique<timer>();
  node->action = [] {};
  wheel.arm(*node, 5);
  wheel.advance(5, [&](wheel_node&) { node.reset(); });
  EXPECT_EQ(wheel.size(), 0u);
}

TEST(timing_wheel_callback, what_a_throwing_one_left_fires_at_the_next_advance) {
  timing_wheel wheel;
  std::deque<wheel_node> nodes(3);
  wheel.arm(nodes[0], 10);
  wheel.arm(nodes[1], 10);
  wheel.arm(nodes[2], 5000);
  EXPECT_THROW(wheel.advance(6000, [](wheel_node&) { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(wheel.size(), 2u);
  EXPECT_EQ(wheel.next_due(), 6000u);
  EXPECT_EQ(advance(wheel, 6000), (ticks{10, 5000}));
}

TEST(timing_wheel_drain, hands_everything_over_to_another_wheel) {
  timing_wheel from;
  timing_wheel to(200);
  std::deque<wheel_node> nodes(5);
  const ticks dues = {100, 250, 90'000, 2 * day, 4 * range};
  for (std::size_t i = 0; i < dues.size(); ++i)
    from.arm(nodes[i], dues[i]);
  from.drain([&](wheel_node& node) { to.arm(node, node.due); });
  EXPECT_EQ(from.size(), 0u);
  EXPECT_EQ(from.next_due(), std::nullopt);
  EXPECT_EQ(to.size(), 5u);
  EXPECT_EQ(advance(to, 5 * range), dues);
}

TEST(timing_wheel_drain, a_dying_wheel_lets_go_of_its_nodes) {
  wheel_node node;
  {
    timing_wheel wheel;
    wheel.arm(node, 100);
  }
  EXPECT_FALSE(timing_wheel::linked(node));
}

TEST(timing_wheel_scale, a_million_nodes) {
  timing_wheel wheel;
  std::vector<wheel_node> nodes(1'000'000);
  std::mt19937_64 random(7);
  for (wheel_node& node : nodes)
    wheel.arm(node, 1 + random() % day);
  EXPECT_EQ(wheel.size(), nodes.size());
  for (std::size_t i = 0; i < nodes.size(); i += 2)
    wheel.cancel(nodes[i]);
  std::size_t fired = 0;
  std::uint64_t last = 0;
  for (std::uint64_t now = 0; now <= day; now += 60'000) {
    wheel.advance(now, [&](wheel_node& node) {
      ++fired;
      ASSERT_GE(node.due, last);
      ASSERT_LE(node.due, now);
      last = node.due;
    });
  }
  EXPECT_EQ(fired, nodes.size() / 2);
  EXPECT_EQ(wheel.size(), 0u);
}

/// Plays the same random operations on the wheel and on a sorted map, which is the specification: due tick,
/// then order of arming; what callbacks arm for now or before comes at the next advance.
class model {
public:
  explicit model(std::uint64_t seed) : random_(seed), now_(start_of(seed)), nodes_(500), wheel_(now_) {}

  void step() {
    const auto what = random_() % 32;
    if (what < 20)
      arm(pick());
    else if (what < 26)
      cancel(pick());
    else if (what < 29)
      follow_next_due();
    else
      advance(now_ + std::min(span(), span()));
    most_armed_ = std::max(most_armed_, wheel_.size());
    check();
  }

  void finish() {
    while (!expected_.empty() && !testing::Test::HasFailure())
      advance(std::max(now_, expected_.begin()->first.first));
    check();
  }

  std::size_t most_armed() const { return most_armed_; }
  std::uint64_t fired() const { return fired_; }

private:
  using key = std::pair<std::uint64_t, std::uint64_t>; // effective tick, serial

  struct entry : wheel_node {
    std::map<key, entry*>::iterator expected;
    bool armed = false;
  };

  static std::uint64_t start_of(std::uint64_t seed) { return seed % 3 == 0 ? range - 50'000 : seed * 12'345; }

  std::uint64_t span() {
    const std::uint64_t most[] = {1, 10, 64, 100, 5'000, 300'000, day, 30 * day, range, 5 * range};
    const auto most_index = random_() % 100;
    return random_() % most[most_index < 90 ? most_index % 6 : most_index % 10];
  }

  entry& pick() { return nodes_[random_() % nodes_.size()]; }

  void forget(entry& node) {
    if (node.armed)
      expected_.erase(node.expected);
    node.armed = false;
  }

  void arm(entry& node) {
    std::uint64_t due = now_ + span();
    if (random_() % 10 == 0)
      due = now_ - std::min(now_, span());
    forget(node);
    // Overdue nodes go first, among themselves in order of arming.
    const std::uint64_t effective = due <= now_ ? now_ : due;
    node.expected = expected_.emplace(key{effective, ++serial_}, &node).first;
    node.armed = true;
    wheel_.arm(node, due);
  }

  void cancel(entry& node) {
    forget(node);
    wheel_.cancel(node);
  }

  void follow_next_due() {
    if (const auto next = wheel_.next_due())
      advance(std::max(now_, *next));
  }

  void advance(std::uint64_t now) {
    now_ = now;
    const std::uint64_t newest = serial_;
    wheel_.advance(now, [&](wheel_node& fired) {
      auto& node = static_cast<entry&>(fired);
      ASSERT_TRUE(node.armed);
      ASSERT_FALSE(timing_wheel::linked(node));
      ASSERT_LE(node.due, now);
      auto first = expected_.begin();
      while (first->first.second > newest)
        ++first;
      ASSERT_EQ(first->second, &node);
      forget(node);
      ++fired_;
      switch (random_() % 8) {
      case 0:
        arm(node);
        break;
      case 1:
        arm(pick());
        break;
      case 2:
        cancel(pick());
        break;
      default:
        break;
      }
    });
    for (const auto& [when, node] : expected_) {
      if (when.first > now)
        break;
      ASSERT_GT(when.second, newest) << "tick " << when.first << " missed at " << now;
    }
  }

  void check() {
    ASSERT_EQ(wheel_.size(), expected_.size());
    ASSERT_EQ(wheel_.next_due().has_value(), !expected_.empty());
    if (!expected_.empty()) {
      ASSERT_LE(*wheel_.next_due(), expected_.begin()->first.first);
      ASSERT_GE(*wheel_.next_due(), std::min(now_, expected_.begin()->first.first));
    }
  }

  std::mt19937_64 random_;
  std::uint64_t now_;
  std::uint64_t serial_ = 0;
  std::uint64_t fired_ = 0;
  std::size_t most_armed_ = 0;
  std::deque<entry> nodes_;
  timing_wheel wheel_; // dies before the nodes it may still hold
  std::map<key, entry*> expected_;
};

class timing_wheel_random : public testing::TestWithParam<std::uint64_t> {};

TEST_P(timing_wheel_random, behaves_like_a_sorted_map) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  model both(GetParam());
  for (int i = 0; i < 100'000 && !HasFailure(); ++i)
    both.step();
  both.finish();
  EXPECT_GT(both.most_armed(), 100u) << "the operations leave the wheel too empty to test it";
  EXPECT_GT(both.fired(), 10'000u);
}

INSTANTIATE_TEST_SUITE_P(seeds, timing_wheel_random, testing::Values(1, 2, 3, 4, 20240611),
                         [](const auto& seed) { return "seed_" + std::to_string(seed.param); });

} // namespace
} // namespace perron::runtime::core
