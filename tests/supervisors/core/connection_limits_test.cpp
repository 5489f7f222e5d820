// SPDX-License-Identifier: BSD-3-Clause
// otp-semantics 5.11: the limits of Ranch, one step after the other; connection_limits_interleaving_test.cpp
// has them at the same time.
#include <perron/supervisors/core/connection_limits.hpp>

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <vector>

namespace perron::supervisors::core {

static void PrintTo(admission what, std::ostream* out) {
  *out << (what == admission::accept ? "accept" : what == admission::sleep ? "sleep" : "turn away");
}

namespace {

struct acceptor final : connection_limits::sleeper {
  int woken = 0;
  acceptor() : sleeper([](sleeper& s) noexcept { ++static_cast<acceptor&>(s).woken; }) {}
};

void come(connection_limits& limits, int n) {
  for (int i = 0; i < n; ++i)
    limits.came();
}

TEST(connection_limits_test, what_an_acceptor_is_told) {
  struct row {
    const char* what;
    std::size_t max_connections;
    std::size_t hard_limit;
    int there;
    int left_the_count;
    admission advice;
  };
  const row table[] = {
      {"no limits", 0, 0, 1000, 0, admission::accept},
      {"below", 10, 0, 9, 0, admission::accept},
      {"at max_connections", 10, 0, 10, 0, admission::sleep},
      {"above max_connections", 10, 0, 12, 0, admission::sleep},
      {"those that left do not count", 10, 0, 12, 3, admission::accept},
      {"some of those that left", 10, 0, 12, 2, admission::sleep},
      {"only a hard limit, below", 0, 10, 9, 0, admission::accept},
      {"only a hard limit, at it", 0, 10, 10, 0, admission::turn_away},
      {"the hard one is the lower one", 20, 10, 10, 0, admission::turn_away},
      {"the hard one is the higher one", 10, 20, 10, 0, admission::sleep},
      {"the hard one counts those that left", 10, 20, 20, 15, admission::turn_away},
      {"both", 10, 10, 10, 0, admission::turn_away},
  };
  for (const row& each : table) {
    connection_limits limits(each.max_connections, each.hard_limit);
    come(limits, each.there);
    for (int i = 0; i < each.left_the_count; ++i)
      limits.leaves_count();
    EXPECT_EQ(limits.advice(), each.advice) << each.what;
    EXPECT_EQ(limits.all(), static_cast<std::size_t>(each.there));
    EXPECT_EQ(limits.counted(), static_cast<std::size_t>(each.there - each.left_the_count));
  }
}

TEST(connection_limits_test, who_has_left_the_count_is_not_counted_out_twice) {
  connection_limits limits(2, 0);
  come(limits, 2);
  limits.leaves_count();
  limits.came();
  limits.ended(false); // the one that left
  EXPECT_EQ(limits.all(), 2U);
  EXPECT_EQ(limits.counted(), 2U);
  EXPECT_EQ(limits.advice(), admission::sleep);
}

class connection_limits_sleep_test : public ::testing::Test {
protected:
  connection_limits_sleep_test() {
    come(limits, 2);
    for (acceptor& a : sleepers)
      EXPECT_TRUE(limits.sleep(a));
    EXPECT_EQ(limits.asleep(), 3U);
  }
  ~connection_limits_sleep_test() override { limits.wake_all(); }

  std::vector<int> woken() const { return {sleepers[0].woken, sleepers[1].woken, sleepers[2].woken}; }
  using times = std::vector<int>;

  std::array<acceptor, 3> sleepers; // before the limits, which list them
  connection_limits limits{2, 0};
};

TEST_F(connection_limits_sleep_test, an_end_wakes_the_one_who_has_slept_longest) {
  limits.ended(true);
  EXPECT_EQ(woken(), (times{1, 0, 0}));
  limits.ended(true);
  EXPECT_EQ(woken(), (times{1, 1, 0}));
  EXPECT_EQ(limits.asleep(), 1U);
}

TEST_F(connection_limits_sleep_test, who_leaves_the_count_makes_room_as_well) {
  limits.leaves_count();
  EXPECT_EQ(woken(), (times{1, 0, 0}));
}

TEST_F(connection_limits_sleep_test, an_end_above_the_limit_wakes_nobody) {
  come(limits, 2); // two acceptors were between their question and their count
  limits.ended(true);
  limits.ended(true);
  EXPECT_EQ(woken(), (times{0, 0, 0}));
  limits.ended(true);
  EXPECT_EQ(woken(), (times{1, 0, 0}));
}

TEST_F(connection_limits_sleep_test, a_raised_limit_wakes_all) {
  limits.set_max_connections(3);
  EXPECT_EQ(woken(), (times{1, 1, 1}));
  EXPECT_EQ(limits.asleep(), 0U);
  EXPECT_EQ(limits.advice(), admission::accept);
  limits.set_max_connections(1);
  EXPECT_EQ(limits.advice(), admission::sleep) << "lowered, it closes nobody";
}

TEST_F(connection_limits_sleep_test, a_hard_limit_wakes_those_who_have_somebody_to_turn_away) {
  limits.set_hard_limit(2);
  EXPECT_EQ(woken(), (times{1, 1, 1}));
  EXPECT_EQ(limits.advice(), admission::turn_away);
}

TEST_F(connection_limits_sleep_test, who_found_no_client_passes_it_on) {
  limits.ended(true);
  limits.pass_on();
  EXPECT_EQ(woken(), (times{1, 1, 0}));
  limits.came();
  limits.pass_on();
  EXPECT_EQ(woken(), (times{1, 1, 0})) << "the room is taken";
}

TEST_F(connection_limits_sleep_test, who_gives_up_is_not_woken) {
  EXPECT_TRUE(limits.forget(sleepers[1]));
  EXPECT_FALSE(limits.forget(sleepers[1]));
  limits.ended(true);
  limits.ended(true);
  EXPECT_EQ(woken(), (times{1, 0, 1}));
  EXPECT_FALSE(limits.forget(sleepers[0])) << "it has been woken, and has to pass it on";
  EXPECT_FALSE(limits.sleep(sleepers[1])) << "there is room";
}

TEST_F(connection_limits_sleep_test, the_last_and_the_first_may_give_up) {
  EXPECT_TRUE(limits.forget(sleepers[2]));
  EXPECT_TRUE(limits.sleep(sleepers[2]));
  EXPECT_TRUE(limits.forget(sleepers[0]));
  limits.wake_all();
  EXPECT_EQ(woken(), (times{0, 1, 1}));
}

} // namespace
} // namespace perron::supervisors::core
