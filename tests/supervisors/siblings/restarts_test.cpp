// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/restarts.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

namespace perron::siblings::core {
namespace {

using namespace std::chrono_literals;
using kind = node_end::kind;

constexpr int exited_with(int code) { return code << 8; }

class siblings_restarts : public ::testing::Test {
protected:
  /// The node lives so long and ends like that.
  restarts::verdict after(std::chrono::milliseconds life, int wait_status, unsigned node = 0) {
    all_.started(node, now_);
    now_ += life;
    return all_.ended(node, node_end::of(wait_status), now_, 0.5);
  }

  restarts all_{{}, 2};
  restarts::time now_{};
};

TEST(siblings_node_end, is_what_the_system_says) {
  EXPECT_EQ(node_end::of(exited_with(0)).how, kind::finished);
  EXPECT_EQ(node_end::of(exited_with(1)).how, kind::failed);
  EXPECT_EQ(node_end::of(exited_with(128 + SIGTERM)).how, kind::killed);
  EXPECT_EQ(node_end::of(SIGKILL).how, kind::killed);
  EXPECT_EQ(node_end::of(SIGSEGV).how, kind::crashed);
  EXPECT_EQ(node_end::of(SIGABRT | 0x80).how, kind::crashed); // with a core dump
  EXPECT_EQ(node_end::of(exited_with(3)).to_string(), "ended with exit code 3");
  EXPECT_EQ(node_end::of(SIGSEGV).to_string(), "crashed by signal 11 (Segmentation fault)");
  EXPECT_EQ(node_end::of(SIGKILL).to_string(), "was ended by signal 9 (Killed)");
}

TEST_F(siblings_restarts, wait_longer_and_longer) {
  EXPECT_EQ(after(1s, SIGKILL).wait, 100ms);
  EXPECT_EQ(after(1s, SIGKILL).wait, 200ms);
  EXPECT_EQ(after(1s, SIGSEGV).wait, 400ms);
  EXPECT_EQ(after(10s, SIGKILL).wait, 100ms) << "it has been healthy";
  EXPECT_EQ(after(1s, SIGKILL).wait, 200ms);
}

TEST_F(siblings_restarts, give_up_after_five_failures_in_a_row) {
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(after(1s, i % 2 == 0 ? exited_with(1) : SIGSEGV).give_up);
  EXPECT_TRUE(after(1s, SIGSEGV).give_up);
}

TEST_F(siblings_restarts, do_not_give_up_if_it_was_healthy_in_between) {
  for (int i = 0; i < 50; ++i)
    EXPECT_FALSE(after(i % 4 == 0 ? 10s : 1s, SIGSEGV).give_up);
}

TEST_F(siblings_restarts, never_give_up_on_one_that_is_killed) {
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(after(1s, SIGKILL).give_up);
  EXPECT_EQ(after(1s, SIGKILL).wait, 30s);
}

TEST_F(siblings_restarts, do_not_take_a_wait_for_a_life) {
  // as when it cannot even be forked
  std::chrono::milliseconds wait{};
  for (int i = 0; i < 20; ++i) {
    now_ += wait + 11s;
    wait = all_.ended(0, node_end::of(SIGKILL), now_, 0.5).wait;
  }
  EXPECT_EQ(wait, 30s);
}

TEST_F(siblings_restarts, do_not_give_up_while_another_is_healthy) {
  all_.started(1, now_);
  now_ += 10s;
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(after(1s, SIGSEGV).give_up);
  EXPECT_FALSE(all_.ended(1, node_end::of(SIGKILL), now_, 0.5).give_up);
  EXPECT_TRUE(after(1s, SIGSEGV).give_up);
}

} // namespace
} // namespace perron::siblings::core
