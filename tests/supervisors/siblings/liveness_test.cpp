// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/liveness.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace perron::siblings::core {
namespace {

using namespace std::chrono_literals;

class siblings_liveness : public ::testing::Test {
protected:
  liveness alive_{30s};
  const liveness::time start_{1h};
};

TEST_F(siblings_liveness, wants_nothing_while_nothing_is_sent) {
  EXPECT_FALSE(alive_.next());
  EXPECT_FALSE(alive_.is_overdue(start_ + 1h));
}

TEST_F(siblings_liveness, asks_behind_what_is_sent) {
  EXPECT_TRUE(alive_.sent(start_));
  EXPECT_FALSE(alive_.sent(start_ + 5s)) << "one is out";
  EXPECT_EQ(alive_.next(), start_ + 30s);
  EXPECT_FALSE(alive_.is_overdue(start_ + 29s));
  EXPECT_TRUE(alive_.is_overdue(start_ + 30s));
}

TEST_F(siblings_liveness, is_content_with_the_answer) {
  alive_.sent(start_);
  alive_.pong(alive_.number() + 1, start_ + 1s); // of nobody
  EXPECT_TRUE(alive_.next());
  alive_.pong(alive_.number(), start_ + 1s);
  EXPECT_FALSE(alive_.next());
}

TEST_F(siblings_liveness, asks_once_a_second_at_most) {
  alive_.sent(start_);
  alive_.pong(alive_.number(), start_ + 1ms);
  EXPECT_FALSE(alive_.sent(start_ + 2ms));
  EXPECT_EQ(alive_.next(), start_ + 1s);
  EXPECT_FALSE(alive_.is_ping_due(start_ + 999ms));
  EXPECT_TRUE(alive_.is_ping_due(start_ + 1s));
  EXPECT_FALSE(alive_.is_ping_due(start_ + 1s));
  alive_.pong(alive_.number(), start_ + 2s);
  EXPECT_TRUE(alive_.sent(start_ + 3s));
}

TEST_F(siblings_liveness, takes_bytes_that_are_taken_for_a_sign) {
  alive_.sent(start_);
  alive_.took(true, start_);
  alive_.took(true, start_ + 20s);
  EXPECT_FALSE(alive_.is_overdue(start_ + 49s));
  EXPECT_TRUE(alive_.is_overdue(start_ + 50s));
  alive_.took(false, start_ + 60s); // all of them, but there is no answer yet
  EXPECT_TRUE(alive_.is_overdue(start_ + 90s));
}

TEST_F(siblings_liveness, minds_one_that_never_takes_anything) {
  alive_.sent(start_);
  alive_.stuck(start_);
  alive_.excuse(start_ + 29s);
  EXPECT_TRUE(alive_.is_overdue(start_ + 30s));
}

TEST_F(siblings_liveness, excuses_one_to_whom_nobody_listens) {
  alive_.sent(start_);
  alive_.took(false, start_);
  alive_.excuse(start_ + 29s);
  EXPECT_FALSE(alive_.is_overdue(start_ + 58s));
  EXPECT_TRUE(alive_.is_overdue(start_ + 59s));
}

} // namespace
} // namespace perron::siblings::core
