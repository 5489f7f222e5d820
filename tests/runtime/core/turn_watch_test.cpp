// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/turn_watch.hpp>

#include <gtest/gtest.h>

namespace perron::runtime::core {
namespace {

constexpr std::uint64_t ms = 1'000'000;

/// A worker on its first thread, seen from time to time by a watchdog with a patience of 3 ms.
class turn_watch_test : public ::testing::Test {
protected:
  turn_watch_test() { seen_.by = this; }

  /// From `at` on a turn is the first since the worker polled.
  void first_turn(std::uint64_t at) {
    ++seen_.number;
    seen_.polled_ns = at;
    seen_.is_first = true;
    seen_.is_outside = true;
  }
  /// It has had some turns since it polled, and gives another.
  void later_turn() {
    seen_.number += 3;
    seen_.is_first = false;
    seen_.is_outside = true;
  }
  void look(std::uint64_t at) { watch_.look(seen_, at); }
  /// When the watchdog, which comes when it said it would, finds that this turn is stuck.
  std::uint64_t stuck_at() {
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t at = watch_.next_look_ns();
      look(at);
      if (watch_.is_stuck())
        return at;
    }
    ADD_FAILURE() << "never";
    return 0;
  }

  turn_seen seen_;
  turn_watch watch_{3 * ms};
};

TEST_F(turn_watch_test, one_who_sleeps_is_never_stuck) {
  first_turn(0);
  seen_.is_outside = false;
  for (std::uint64_t at = 100 * ms; at < 200 * ms; at = watch_.next_look_ns()) {
    look(at);
    EXPECT_FALSE(watch_.is_stuck());
    EXPECT_FALSE(watch_.is_new());
    EXPECT_EQ(watch_.next_look_ns(), at + 9 * ms);
  }
}

TEST_F(turn_watch_test, who_gives_turn_after_turn_is_looked_at_seldom) {
  for (std::uint64_t at = 100 * ms; at < 200 * ms; at = watch_.next_look_ns()) {
    first_turn(at - ms / 10);
    look(at);
    EXPECT_TRUE(watch_.has_moved());
    EXPECT_FALSE(watch_.is_stuck());
    EXPECT_EQ(watch_.next_look_ns(), at + 9 * ms);
  }
}

TEST_F(turn_watch_test, a_first_turn_is_stuck_after_two_patiences_and_known_to_be_so_soon) {
  for (std::uint64_t began = 100 * ms; began <= 109 * ms; began += ms / 4) {
    watch_ = turn_watch(3 * ms);
    seen_.is_outside = false;
    look(100 * ms); // before it began
    first_turn(began);
    const std::uint64_t at = stuck_at();
    EXPECT_GE(at, began + 6 * ms);
    EXPECT_LE(at, began + 12 * ms);
  }
}

TEST_F(turn_watch_test, a_later_turn_is_known_to_be_stuck_a_little_later) {
  for (std::uint64_t began = 100 * ms; began <= 109 * ms; began += ms / 4) {
    watch_ = turn_watch(3 * ms);
    seen_.is_outside = false;
    look(100 * ms); // before it began
    first_turn(began);
    later_turn();
    const std::uint64_t at = stuck_at();
    EXPECT_GE(at, began + 6 * ms);
    EXPECT_LE(at, began + 18 * ms);
  }
}

TEST_F(turn_watch_test, a_turn_began_no_earlier_than_the_look_that_found_another) {
  first_turn(100 * ms);
  look(105 * ms);
  // its turn seems to be the first, as those of different threads have the same numbers
  const int other = 0;
  seen_.by = &other;
  look(108 * ms);
  EXPECT_TRUE(watch_.is_new());
  look(110 * ms);
  EXPECT_FALSE(watch_.is_stuck());
  look(111 * ms);
  EXPECT_TRUE(watch_.is_stuck());
}

TEST_F(turn_watch_test, at_the_first_look_ever_nothing_is_old) {
  first_turn(0);
  look(100 * ms);
  look(103 * ms);
  EXPECT_FALSE(watch_.is_stuck());
  look(106 * ms);
  EXPECT_TRUE(watch_.is_stuck());
}

TEST_F(turn_watch_test, one_that_was_seen_young_is_looked_at_when_it_would_be_stuck) {
  look(99 * ms);
  first_turn(100 * ms);
  look(102 * ms);
  EXPECT_TRUE(watch_.is_new());
  EXPECT_TRUE(watch_.is_late());
  EXPECT_EQ(watch_.next_look_ns(), 106 * ms);
  look(106 * ms);
  EXPECT_TRUE(watch_.is_stuck());
  EXPECT_FALSE(watch_.is_new());
  EXPECT_EQ(watch_.looks(), 2U);
}

TEST_F(turn_watch_test, one_turn_of_many_counts_from_the_first_look_at_it) {
  first_turn(100 * ms);
  later_turn();
  look(105 * ms);
  EXPECT_TRUE(watch_.is_new());
  EXPECT_EQ(watch_.next_look_ns(), 111 * ms);
  look(110 * ms);
  EXPECT_FALSE(watch_.is_stuck()) << "it may have begun just before the first look";
  look(111 * ms);
  EXPECT_TRUE(watch_.is_stuck());
}

TEST_F(turn_watch_test, another_turn_or_another_thread_begins_anew) {
  first_turn(100 * ms);
  look(105 * ms);
  later_turn();
  look(108 * ms);
  EXPECT_TRUE(watch_.has_moved());
  EXPECT_TRUE(watch_.is_new());
  EXPECT_FALSE(watch_.is_stuck());
  const int other = 0;
  seen_.by = &other;
  look(114 * ms);
  EXPECT_TRUE(watch_.has_moved());
  EXPECT_FALSE(watch_.is_stuck());
}

TEST_F(turn_watch_test, one_that_is_in_the_engine_just_now_is_not_stuck_but_not_new_afterwards) {
  look(99 * ms);
  first_turn(100 * ms);
  look(104 * ms);
  seen_.is_outside = false;
  look(107 * ms);
  EXPECT_FALSE(watch_.is_stuck());
  seen_.is_outside = true;
  look(110 * ms);
  EXPECT_FALSE(watch_.is_new());
  EXPECT_TRUE(watch_.is_stuck());
}

TEST_F(turn_watch_test, who_is_stuck_is_looked_at_every_patience) {
  look(99 * ms);
  first_turn(100 * ms);
  look(105 * ms);
  for (std::uint64_t at = 108 * ms; at < 150 * ms; at += 3 * ms) {
    look(at);
    EXPECT_TRUE(watch_.is_stuck());
    EXPECT_EQ(watch_.next_look_ns(), at + 3 * ms);
  }
}

TEST_F(turn_watch_test, a_worker_that_does_not_come_to_the_clock_is_late) {
  first_turn(100 * ms);
  look(100 * ms + ms / 2);
  EXPECT_FALSE(watch_.is_late());
  later_turn();
  look(102 * ms);
  EXPECT_TRUE(watch_.is_late());
}

TEST_F(turn_watch_test, a_worker_that_polls_while_it_is_looked_at_has_not_polled_in_the_future) {
  first_turn(101 * ms);
  look(100 * ms);
  EXPECT_FALSE(watch_.is_late());
  EXPECT_FALSE(watch_.is_stuck());
  EXPECT_EQ(watch_.next_look_ns(), 109 * ms);
}

} // namespace
} // namespace perron::runtime::core
