// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/ramp.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace perron::soak {
namespace {

TEST(ramp, the_first_is_due_at_once_and_others_at_the_rate) {
  const ramp r{.began_ns = 1'000, .per_second = 1'000};
  EXPECT_EQ(r.due(999), 0U);
  EXPECT_EQ(r.due(1'000), 1U);
  EXPECT_EQ(r.due(1'000'999), 1U);
  EXPECT_EQ(r.due(1'001'000), 2U);
  EXPECT_EQ(r.due(1'000 + 1'000'000'000), 1'001U);
}

TEST(ramp, what_is_due_at_its_time_is_due_then) {
  for (const double rate : {0.1, 1.0, 3.0, 7.7, 999.0, 5'000.0, 1e6})
    for (std::uint64_t n = 0; n < 10'000; n += 37) {
      const ramp r{.began_ns = 123'456'789'012'345, .per_second = rate};
      EXPECT_GT(r.due(r.when(n)), n) << rate;
      if (n != 0) {
        EXPECT_LE(r.due(r.when(n) - 2), n) << rate;
      }
    }
}

TEST(ramp, without_a_rate_all_are_due_when_it_begins) {
  const ramp r{.began_ns = 5, .per_second = 0};
  EXPECT_EQ(r.due(4), 0U);
  EXPECT_EQ(r.due(5), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(r.when(1'000'000), 5);
}

TEST(ramp, one_that_has_not_begun_has_nothing_due) {
  const ramp r{.began_ns = std::numeric_limits<std::int64_t>::max(), .per_second = 1e6};
  EXPECT_EQ(r.due(std::numeric_limits<std::int64_t>::max() - 1), 0U);
}

} // namespace
} // namespace perron::soak
