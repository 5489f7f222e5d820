// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/node_marks.hpp>

#include <gtest/gtest.h>

namespace perron::soak {
namespace {

TEST(node_marks_test, tells_a_process_by_its_segment_size) {
  node_marks marks;
  marks.learn(70, 1070);
  marks.learn(71, 1071);
  marks.learn(70, 1070);
  EXPECT_EQ(marks.owner_of(1070), 70U);
  EXPECT_EQ(marks.owner_of(1071), 71U);
}

TEST(node_marks_test, does_not_guess) {
  node_marks marks;
  EXPECT_EQ(marks.owner_of(65483), 0U);
  marks.learn(70, 1070);
  EXPECT_EQ(marks.owner_of(1071), 0U);
}

TEST(node_marks_test, a_size_that_two_have_tells_nothing_for_good) {
  node_marks marks;
  marks.learn(70, 65483);
  marks.learn(71, 65483);
  EXPECT_EQ(marks.owner_of(65483), 0U);
  marks.learn(70, 65483);
  EXPECT_EQ(marks.owner_of(65483), 0U);
}

} // namespace
} // namespace perron::soak
