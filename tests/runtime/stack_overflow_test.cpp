// SPDX-License-Identifier: BSD-3-Clause
#include "support/node_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace perron::runtime {
namespace {

using namespace perron::testing;

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[512];
  frame[depth % 512] = 1;
  const int deeper = depth == 1 << 30 ? 0 : recurse(depth + 1);
  return deeper + frame[(depth + 7) % 512];
}

void overflow_in(const spawn_options& options) {
  class node n(test_options(1));
  n.run(options, [] { recurse(0); });
}

// "death" in the name: GoogleTest runs these first
class stack_overflow_of_a_process_death : public ::testing::Test {
protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(stack_overflow_of_a_process_death, is_told_with_the_name_of_the_process) {
  EXPECT_EXIT(overflow_in({.name = "room-7"}), ::testing::KilledBySignal(SIGSEGV),
              "stack overflow in process.*room-7.*stack of [0-9]+ bytes");
}

TEST_F(stack_overflow_of_a_process_death, is_told_with_the_number_of_one_without_a_name) {
  EXPECT_EXIT(overflow_in({}), ::testing::KilledBySignal(SIGSEGV), "stack overflow in process.*<[0-9]+>");
}

TEST_F(stack_overflow_of_a_process_death, is_told_on_a_large_stack_as_well) {
  EXPECT_EXIT(overflow_in({.name = "large", .stack_bytes = 4 << 20}), ::testing::KilledBySignal(SIGSEGV),
              "stack overflow in process.*large.*stack of 4194304 bytes");
}

TEST_F(stack_overflow_of_a_process_death, is_not_claimed_for_other_faults) {
  EXPECT_DEATH(
      {
        class node n(test_options(1));
        n.run([] { ::raise(SIGSEGV); });
      },
      ::testing::Not(::testing::HasSubstr("stack overflow in process")));
}

} // namespace
} // namespace perron::runtime
