// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/reader_pace.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace perron::httpd::core {
namespace {

using namespace std::chrono_literals;

TEST(reader_pace_test, without_a_rate_only_taking_nothing_counts) {
  reader_pace pace({.write_time = 30s});
  EXPECT_FALSE(pace.has_rate());
  EXPECT_EQ(pace.may_wait(), 30s);
  for (int hour = 0; hour < 100; ++hour)
    EXPECT_TRUE(pace.took(1, 29s));
  EXPECT_TRUE(pace.took(0, 20s));
  EXPECT_EQ(pace.may_wait(), 10s);
  EXPECT_TRUE(pace.took(1, 9s));
  EXPECT_EQ(pace.may_wait(), 30s) << "it counts anew when something was taken";
  EXPECT_TRUE(pace.took(0, 29'999ms));
  EXPECT_FALSE(pace.took(0, 1ms));
}

TEST(reader_pace_test, a_byte_a_second_is_not_for_ever) {
  reader_pace pace({.write_time = 30s, .min_rate = 240, .grace = 30s});
  int seconds = 0;
  while (pace.took(1, 1s) && seconds < 1'000)
    ++seconds;
  EXPECT_EQ(seconds, 30);
}

TEST(reader_pace_test, who_keeps_the_rate_may_go_on) {
  reader_pace pace({.write_time = 30s, .min_rate = 240, .grace = 5s});
  for (int i = 0; i < 10'000; ++i)
    ASSERT_TRUE(pace.took(960, 4s));
}

TEST(reader_pace_test, a_pause_is_forgiven_when_it_is_made_up_for) {
  reader_pace pace({.write_time = 30s, .min_rate = 100, .grace = 20s});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pace.took(0, 15s));
    ASSERT_TRUE(pace.took(1'700, 2s));
  }
}

TEST(reader_pace_test, what_was_taken_fast_does_not_count_for_later) {
  reader_pace pace({.write_time = 30s, .min_rate = 1'000, .grace = 10s});
  EXPECT_TRUE(pace.took(1'000'000'000, 1s));
  EXPECT_TRUE(pace.took(1, 10s));
  EXPECT_FALSE(pace.took(1, 1s));
}

TEST(reader_pace_test, sums_do_not_overflow) {
  reader_pace pace({.write_time = 30s, .min_rate = 1, .grace = 10s});
  EXPECT_TRUE(pace.took(~std::uint64_t(0) / 1000, 1s));
  EXPECT_TRUE(pace.took(0, 10s));
  reader_pace fast({.write_time = 30s, .min_rate = 1'000'000'000'000, .grace = 1s});
  EXPECT_TRUE(fast.took(500'000'000'000, 1s));
  EXPECT_TRUE(fast.took(500'000'000'000, 1s));
  EXPECT_FALSE(fast.took(499'000'000'000, 1s));
}

TEST(reader_pace_test, looks_when_the_first_of_its_limits_may_be_reached) {
  reader_pace pace({.write_time = 30s, .min_rate = 240, .grace = 20s});
  EXPECT_EQ(pace.may_wait(), 20s);
  EXPECT_TRUE(pace.took(0, 15s));
  EXPECT_EQ(pace.may_wait(), 5s);
  EXPECT_TRUE(pace.took(1, 5s));
  EXPECT_EQ(pace.may_wait(), 1s) << "not all the time, where it is just fast enough";
  reader_pace strict({.write_time = 1ms, .min_rate = 240});
  EXPECT_EQ(strict.may_wait(), 1ms);
}

} // namespace
} // namespace perron::httpd::core
