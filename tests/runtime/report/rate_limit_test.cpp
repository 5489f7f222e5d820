// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/rate_limit.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t second = 1000 * ms;

int admitted_of(rate_limit& limit, int events, std::uint64_t now) {
  int admitted = 0;
  for (int i = 0; i < events; ++i)
    admitted += limit.admit(now).has_value();
  return admitted;
}

TEST(rate_limit, lets_a_burst_through_at_once) {
  rate_limit limit(50, 100);
  EXPECT_EQ(admitted_of(limit, 1000, 7 * second), 100);
}

TEST(rate_limit, earns_its_rate) {
  rate_limit limit(50, 100);
  admitted_of(limit, 100, 0);
  EXPECT_EQ(admitted_of(limit, 10, 20 * ms - 1), 0);
  EXPECT_EQ(admitted_of(limit, 10, 20 * ms), 1);
  EXPECT_EQ(admitted_of(limit, 1000, 20 * ms + second), 50);
}

TEST(rate_limit, earns_no_more_than_a_burst) {
  rate_limit limit(50, 100);
  admitted_of(limit, 100, 0);
  EXPECT_EQ(admitted_of(limit, 1000, 3600 * second), 100);
}

TEST(rate_limit, over_a_long_time_admits_the_rate_and_one_burst) {
  rate_limit limit(50, 100);
  int admitted = 0;
  for (std::uint64_t now = 0; now < 60 * second; now += 100'000)
    admitted += limit.admit(now).has_value();
  EXPECT_EQ(admitted, 100 + 60 * 50 - 1);
}

TEST(rate_limit, tells_with_the_next_admitted_how_many_were_refused) {
  rate_limit limit(1, 2);
  EXPECT_EQ(limit.admit(0), 0u);
  EXPECT_EQ(limit.admit(0), 0u);
  for (int i = 0; i < 9900; ++i)
    EXPECT_FALSE(limit.admit(0));
  EXPECT_EQ(limit.admit(second), 9900u);
  EXPECT_EQ(limit.admit(2 * second), 0u);
}

TEST(rate_limit, a_look_takes_and_counts_nothing) {
  rate_limit limit(1, 1);
  EXPECT_TRUE(limit.would_admit(0));
  EXPECT_TRUE(limit.would_admit(0));
  EXPECT_TRUE(limit.admit(0));
  EXPECT_FALSE(limit.would_admit(second - 1));
  EXPECT_TRUE(limit.would_admit(second));
  EXPECT_EQ(limit.take_refused(), 0u);
}

TEST(rate_limit, refused_ones_are_told_once) {
  rate_limit limit(1, 1);
  limit.admit(0);
  limit.admit(0);
  limit.count_refused(4);
  EXPECT_EQ(limit.take_refused(), 5u);
  EXPECT_EQ(limit.take_refused(), 0u);
  EXPECT_EQ(limit.admit(second), 0u);
}

TEST(rate_limit, a_clock_behind_another_threads_earns_nothing_twice) {
  rate_limit limit(50, 1);
  EXPECT_TRUE(limit.admit(second));
  EXPECT_FALSE(limit.admit(second - 5 * ms));
  EXPECT_TRUE(limit.admit(second + 20 * ms));
}

TEST(rate_limit, loses_no_count_between_threads) {
  constexpr int events = 20'000;
  rate_limit limit(1, 100);
  std::atomic<std::uint64_t> admitted{0};
  std::atomic<std::uint64_t> refused{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < events; ++i) {
        if (const auto before = limit.admit(static_cast<std::uint64_t>(i) * 10 * ms)) {
          ++admitted;
          refused += *before;
        }
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  refused += limit.take_refused();
  EXPECT_EQ(admitted + refused, 4u * events);
  EXPECT_GE(admitted, 100u);
  EXPECT_LE(admitted, 100u + 200u);
}

} // namespace
} // namespace perron::runtime
