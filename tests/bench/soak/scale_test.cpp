// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scale.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::soak {
namespace {

std::vector<std::string> written(const axis& a, double least, double most, int room) {
  std::vector<std::string> result;
  const scale s(a, least, most, room);
  for (const double tick : s.ticks())
    result.push_back(tick_text(tick, a.what));
  return result;
}

using texts = std::vector<std::string>;

TEST(scale, numbers_have_round_ticks_from_zero) {
  const axis a{.title = "", .what = measure::number};
  EXPECT_EQ(written(a, 3, 1'000'000, 6), (texts{"0", "200 k", "400 k", "600 k", "800 k", "1 M", "1.2 M"}));
  EXPECT_EQ(written(a, 0, 2, 6), (texts{"0", "1", "2", "3"}));
  EXPECT_EQ(written(a, 0, 0, 4), (texts{"0", "0.5", "1"}));
}

TEST(scale, a_clock_has_ticks_of_minutes) {
  const axis a{.title = "", .what = measure::clock};
  EXPECT_EQ(written(a, 0, 600, 5), (texts{"0:00", "2:00", "4:00", "6:00", "8:00", "10:00"}));
}

TEST(scale, a_logarithmic_one_has_decades) {
  const axis a{.title = "", .what = measure::nanoseconds, .logarithmic = true};
  EXPECT_EQ(written(a, 1000, 1e9, 7), (texts{"1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"}));
  const scale s(a, 1000, 1e9, 7);
  EXPECT_DOUBLE_EQ(s.place(1000), 0);
  EXPECT_DOUBLE_EQ(s.place(0), 0);
  EXPECT_LT(s.place(1e6), s.place(1e7));
  EXPECT_LE(s.place(1e12), 1);
}

TEST(scale, percentiles_are_written_with_their_nines) {
  const axis a{.title = "", .what = measure::percentile};
  EXPECT_EQ(written(a, 0, 4.2, 9), (texts{"0 %", "90 %", "99 %", "99.9 %", "99.99 %"}));
}

TEST(scale, everything_lies_between_the_ends) {
  const scale s({.title = "", .what = measure::bytes}, 0, 123'456, 5);
  EXPECT_DOUBLE_EQ(s.place(0), 0);
  EXPECT_GT(s.place(123'456), 0.8);
  EXPECT_LE(s.place(123'456), 1);
  EXPECT_DOUBLE_EQ(s.place(-5), 0);
}

} // namespace
} // namespace perron::soak
