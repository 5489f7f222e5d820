// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/limits.hpp>

#include <gtest/gtest.h>

namespace perron::soak {
namespace {

constexpr machine_room large{
    .memory_bytes = 1ULL << 40U, .files = 10'000'000, .per_process = 20'000, .ports = 100'000'000};

TEST(limits, all_fit_where_there_is_room) {
  const fitting f = fit(1'000'000, 15'000, large);
  EXPECT_EQ(f.connections, 1'000'000U);
  EXPECT_EQ(f.server_processes, 53U);
  EXPECT_EQ(f.bound, "");
}

TEST(limits, the_least_room_is_the_bound) {
  machine_room m = large;
  m.memory_bytes = 1'500'000'000;
  EXPECT_EQ(fit(1'000'000, 15'000, m).connections, 100'000U);
  EXPECT_EQ(fit(1'000'000, 15'000, m).bound.substr(0, 7), "memory:");
  m.files = 60'000;
  EXPECT_EQ(fit(1'000'000, 15'000, m).connections, 20'000U);
  EXPECT_EQ(fit(1'000'000, 15'000, m).bound.substr(0, 12), "descriptors:");
  m.ports = 10'000;
  EXPECT_EQ(fit(1'000'000, 15'000, m).connections, 10'000U);
  EXPECT_EQ(fit(1'000'000, 15'000, m).bound.substr(0, 6), "ports:");
  EXPECT_EQ(fit(5'000, 15'000, m).bound, "");
}

TEST(limits, ports_that_are_not_known_do_not_bind) {
  machine_room m = large;
  m.ports = 0;
  EXPECT_EQ(fit(1'000'000, 15'000, m).connections, 1'000'000U);
}

TEST(limits, a_machine_without_room_gets_nothing) {
  const fitting f = fit(1'000, 15'000, {});
  EXPECT_EQ(f.connections, 0U);
  EXPECT_EQ(f.server_processes, 1U);
}

TEST(limits, here_there_is_some_room) {
  const machine_room here = room_here(0);
  EXPECT_GT(here.files, 0U);
  EXPECT_GT(here.per_process, 0U);
}

} // namespace
} // namespace perron::soak
