// SPDX-License-Identifier: BSD-3-Clause
// The doorway under every schedule of small scenarios.
#include "doorway_scenarios.hpp"

#include <gtest/gtest.h>

#include <string>

namespace perron::runtime::core::doorway_scenarios {
namespace {

void expect_holds(const outcome& found) {
  EXPECT_TRUE(found.holds) << found.report;
  ::testing::Test::RecordProperty("schedules", std::to_string(found.schedules));
}

TEST(doorway_interleavings, one_sender_of_three) {
  expect_holds(senders<door>(1, 3, {.spurious_failures = 2}));
}

TEST(doorway_interleavings, two_senders_of_two) { expect_holds(senders<door>(2, 2)); }

TEST(doorway_interleavings, three_senders_of_one) { expect_holds(senders<door>(3, 1)); }

TEST(doorway_interleavings, three_senders_of_two_with_few_interruptions) {
  expect_holds(senders<door>(3, 2, {.preemptions = 3}));
}

TEST(doorway_interleavings, two_senders_and_two_workers) { expect_holds(workers<door>(1)); }

TEST(doorway_interleavings, two_senders_of_two_and_two_workers_with_few_interruptions) {
  expect_holds(workers<door>(2, {.preemptions = 3}));
}

TEST(doorway_interleavings, wakers_against_a_sender) { expect_holds(wakers<door>()); }

TEST(doorway_interleavings, a_process_that_ends) {
  for (const bool sleeps : {false, true}) {
    expect_holds(ending<door>(sleeps));
  }
}

TEST(doorway_interleavings, a_slot_that_is_used_again) { expect_holds(reused<door>()); }

TEST(doorway_interleavings, store_buffers_change_nothing) {
  for (const outcome& found :
       {senders<door>(2, 1, {.store_buffers = true}), reused<door>({.store_buffers = true})})
    EXPECT_TRUE(found.holds) << found.report;
}

} // namespace
} // namespace perron::runtime::core::doorway_scenarios
