// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/restart_intensity.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace perron::supervisors {
namespace {

/// Restarts at these seconds, and whether each is still allowed.
struct history {
  const char* name;
  std::uint32_t intensity;
  std::int64_t period;
  std::vector<std::int64_t> at;
  std::vector<bool> allowed;
};

void PrintTo(const history& h, std::ostream* out) { *out << h.name; }

class restart_intensity_of : public testing::TestWithParam<history> {};

TEST_P(restart_intensity_of, restarts) {
  restart_intensity counter(GetParam().intensity, GetParam().period);
  std::vector<bool> allowed;
  for (const std::int64_t now : GetParam().at)
    allowed.push_back(counter.admit(now));
  EXPECT_EQ(allowed, GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    otp_5_4, restart_intensity_of,
    testing::Values(history{"intensity_0_stops_at_the_first", 0, 5, {100}, {false}},
                    history{
                        "n_are_allowed_and_one_more_is_not", 3, 5, {9, 9, 9, 9}, {true, true, true, false}},
                    history{"the_oldest_edge_of_the_period_counts", 1, 5, {10, 15}, {true, false}},
                    history{"one_second_later_it_no_longer_counts", 1, 5, {10, 16}, {true, true}},
                    history{"the_window_moves", 2, 5, {0, 3, 6, 9, 12}, {true, true, true, true, true}},
                    history{"n_plus_1_over_the_whole_window", 2, 5, {1, 3, 6}, {true, true, false}},
                    history{"a_refused_one_counts_too", 1, 5, {0, 1, 6}, {true, false, false}},
                    history{"before_second_zero", 1, 5, {-20, -15, -9}, {true, false, true}}),
    [](const auto& what) { return what.param.name; });

TEST(restart_intensity, keeps_no_more_than_its_period_holds) {
  restart_intensity counter(1000, 2);
  for (std::int64_t now = 0; now < 1000; ++now)
    EXPECT_TRUE(counter.admit(now));
  EXPECT_EQ(counter.counted(), 3U);
}

} // namespace
} // namespace perron::supervisors
