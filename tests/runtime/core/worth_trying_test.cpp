// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/worth_trying.hpp>

#include <gtest/gtest.h>

namespace perron::runtime::core {
namespace {

int attempts(worth_trying& r, int occasions, bool success) {
  int made = 0;
  for (int i = 0; i < occasions; ++i)
    if (r.now()) {
      ++made;
      r.was(success);
    }
  return made;
}

TEST(worth_trying, goes_on_while_it_succeeds) {
  worth_trying r;
  EXPECT_EQ(attempts(r, 1000, true), 1000);
}

TEST(worth_trying, becomes_rare_where_it_never_does) {
  worth_trying r;
  EXPECT_LE(attempts(r, 1000, false), 8 + 1000 / 16 + 1);
}

TEST(worth_trying, notices_that_it_does_again) {
  worth_trying r;
  attempts(r, 1000, false);
  EXPECT_GE(attempts(r, 100, true), 100 - 16);
}

TEST(worth_trying, a_few_failures_do_not_matter) {
  worth_trying r;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(attempts(r, 7, false), 7);
    EXPECT_EQ(attempts(r, 1, true), 1);
  }
}

} // namespace
} // namespace perron::runtime::core
