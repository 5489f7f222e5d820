// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/alarm_bell.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace perron::supervisors::core {
namespace {

TEST(alarm_bell_test, rings_at_its_threshold_and_once_in_a_cooldown) {
  struct row {
    std::size_t connections;
    std::uint64_t now_ms;
    bool rings;
  };
  const row table[] = {
      {9, 0, false},      {10, 0, true},         {11, 0, false},
      {10, 4'999, false}, {9, 5'000, false}, // not enough of them, so the next one does not have to wait
      {10, 5'001, true},  {1'000, 5'002, false}, {10, 10'000, false},
      {10, 10'001, true}, {12, 100'000, true}, // long after it
  };
  alarm_bell bell(10, 5'000);
  for (const row& each : table)
    EXPECT_EQ(bell.rings(each.connections, each.now_ms), each.rings)
        << each.connections << " connections at " << each.now_ms;
}

TEST(alarm_bell_test, without_a_cooldown_it_rings_for_each) {
  alarm_bell bell(1, 0);
  EXPECT_TRUE(bell.rings(1, 7));
  EXPECT_TRUE(bell.rings(2, 7));
}

TEST(alarm_bell_test, of_several_who_reach_the_number_at_once_one_rings) {
  for (int round = 0; round < 200; ++round) {
    alarm_bell bell(1, 5'000);
    std::atomic<int> rung{0};
    std::vector<std::thread> acceptors;
    for (int i = 0; i < 3; ++i)
      acceptors.emplace_back([&] {
        if (bell.rings(1, 1))
          ++rung;
      });
    for (std::thread& t : acceptors)
      t.join();
    ASSERT_EQ(rung, 1);
  }
}

} // namespace
} // namespace perron::supervisors::core
