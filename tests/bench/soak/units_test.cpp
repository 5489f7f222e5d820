// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/units.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace perron::soak {
namespace {

TEST(units, thousands_are_grouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(units, great_numbers_have_three_digits_and_a_step) {
  EXPECT_EQ(brief(0), "0");
  EXPECT_EQ(brief(7), "7");
  EXPECT_EQ(brief(0.25), "0.25");
  EXPECT_EQ(brief(950), "950");
  EXPECT_EQ(brief(999.7), "1.00 k");
  EXPECT_EQ(brief(12345), "12.3 k");
  EXPECT_EQ(brief(999'600), "1.00 M");
  EXPECT_EQ(brief(1'000'000), "1.00 M");
  EXPECT_EQ(brief(-12345), "-12.3 k");
}

TEST(units, bytes_and_durations_name_their_unit) {
  EXPECT_EQ(bytes(812), "812 B");
  EXPECT_EQ(bytes(3412), "3.41 kB");
  EXPECT_EQ(bytes(5.12e9), "5.12 GB");
  EXPECT_EQ(duration(850), "850 ns");
  EXPECT_EQ(duration(12'345), "12.3 µs");
  EXPECT_EQ(duration(4'560'000), "4.56 ms");
  EXPECT_EQ(duration(1.2e9), "1.20 s");
  EXPECT_EQ(duration(75e9), "75.0 s");
}

TEST(units, clocks_have_hours_only_when_there_are_some) {
  EXPECT_EQ(clock(-1), "0:00");
  EXPECT_EQ(clock(7.9), "0:07");
  EXPECT_EQ(clock(754), "12:34");
  EXPECT_EQ(clock(3723), "1:02:03");
}

TEST(units, what_is_no_number_is_a_dash) {
  EXPECT_EQ(fixed(NAN, 2), "-");
  EXPECT_EQ(fixed(INFINITY, 2), "-");
  EXPECT_EQ(fixed(-0.001, 2), "0.00");
}

} // namespace
} // namespace perron::soak
