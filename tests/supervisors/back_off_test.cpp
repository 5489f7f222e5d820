// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/back_off.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;

constexpr double no_jitter = 0.5;

TEST(back_off, is_off_unless_a_first_wait_is_given) {
  EXPECT_FALSE(back_off{});
  EXPECT_TRUE((back_off{.initial = 1ms}));
}

TEST(back_off, grows_by_the_factor_up_to_the_ceiling) {
  const back_off how{.initial = 100ms, .factor = 2, .ceiling = 1s};
  EXPECT_EQ(wait_before(how, 0, no_jitter), 100ms);
  EXPECT_EQ(wait_before(how, 1, no_jitter), 200ms);
  EXPECT_EQ(wait_before(how, 2, no_jitter), 400ms);
  EXPECT_EQ(wait_before(how, 3, no_jitter), 800ms);
  EXPECT_EQ(wait_before(how, 4, no_jitter), 1s);
  EXPECT_EQ(wait_before(how, std::numeric_limits<std::uint32_t>::max(), no_jitter), 1s);
}

TEST(back_off, is_varied_by_a_part_of_itself) {
  const back_off how{.initial = 100ms, .jitter = 0.25};
  EXPECT_EQ(wait_before(how, 0, 0.0), 75ms);
  EXPECT_EQ(wait_before(how, 0, 1.0), 125ms);
  EXPECT_EQ(wait_before({.initial = 100ms, .jitter = 0}, 0, 1.0), 100ms);
  EXPECT_EQ(wait_before({.initial = 100ms, .jitter = 1}, 0, 0.0), 0ms);
}

TEST(back_off, a_ceiling_below_the_first_wait_does_not_cut_it) {
  EXPECT_EQ(wait_before({.initial = 100ms, .ceiling = 10ms}, 3, no_jitter), 100ms);
}

} // namespace
} // namespace perron::supervisors
