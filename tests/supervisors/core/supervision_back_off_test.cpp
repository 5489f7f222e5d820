// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include "supervisors/core/recorded_world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors::core {
namespace {

using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::pid;
using lines = std::vector<std::string>;
using kind = answer::kind;

/// A supervisor whose child "b", of three, has a back-off of 100 ms, 200 ms, ... and is well after 10 s.
class back_off_test : public testing::Test {
protected:
  void make(strategy_type strategy, std::uint32_t intensity = 100) {
    child_spec b = child("b", [] {});
    b.back_off = {.initial = 100ms, .factor = 2, .ceiling = 1s, .jitter = 0, .healthy_after = 10s};
    tree_ = std::make_unique<supervision>(
        supervisor_options{.strategy = strategy, .intensity = intensity, .period = 5s}, world_);
    ASSERT_TRUE(tree_->start_all({child("a", [] {}), b, child("c", [] {})}));
    world_.take();
  }

  verdict crash(const std::string& id) {
    for (const child_info& each : tree_->which_children())
      if (each.id == id)
        return tree_->child_ended(each.who, exit_reason::custom("crash"));
    ADD_FAILURE() << "no child " << id;
    return verdict::stop;
  }
  child_info::state_type state_of_b() {
    for (const child_info& each : tree_->which_children())
      if (each.id == "b")
        return each.state;
    return child_info::state_type::stopped;
  }

  /// The wait that was asked for last.
  std::chrono::milliseconds asked() const { return world_.retries.back().second; }
  verdict retry() {
    const std::uint64_t ticket = world_.retries.front().first;
    world_.retries.pop_front();
    return tree_->retry(ticket);
  }

  recorded_world world_;
  std::unique_ptr<supervision> tree_;
};

TEST_F(back_off_test, waits_longer_before_each_restart_of_a_row) {
  make(one_for_one);
  for (const std::chrono::milliseconds wait : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    EXPECT_EQ(crash("b"), verdict::go_on);
    EXPECT_EQ(state_of_b(), child_info::state_type::restarting);
    EXPECT_EQ(asked(), wait);
    EXPECT_EQ(world_.take(), lines{"child_terminated b (crash)"});
    world_.time += wait;
    EXPECT_EQ(retry(), verdict::go_on);
    EXPECT_EQ(world_.take(), lines{"start b"});
    EXPECT_EQ(state_of_b(), child_info::state_type::running);
  }
}

TEST_F(back_off_test, begins_anew_after_a_time_of_health) {
  make(one_for_one);
  crash("b");
  retry();
  world_.time += 10s - 1ms;
  crash("b");
  EXPECT_EQ(asked(), 200ms);
  retry();
  world_.time += 10s;
  crash("b");
  EXPECT_EQ(asked(), 100ms);
}

TEST_F(back_off_test, children_without_one_are_restarted_at_once) {
  make(one_for_one);
  crash("a");
  EXPECT_EQ(world_.take(), (lines{"child_terminated a (crash)", "start a"}));
}

TEST_F(back_off_test, a_start_that_fails_waits_longer_too) {
  make(one_for_one);
  world_.failures["b"] = 2;
  crash("b");
  EXPECT_EQ(asked(), 100ms);
  for (const std::chrono::milliseconds wait : {200ms, 400ms}) {
    retry(); // the wait is over: it fails to start
    EXPECT_EQ(asked(), 0ms);
    retry(); // counted, and sent to wait
    EXPECT_EQ(asked(), wait);
  }
  world_.take();
  retry();
  EXPECT_EQ(world_.take(), lines{"start b"});
}

TEST_F(back_off_test, counts_in_the_intensity_at_the_crash) {
  make(one_for_one, 2);
  crash("b");
  retry();
  crash("b");
  retry();
  world_.take();
  EXPECT_EQ(crash("b"), verdict::stop);
  EXPECT_EQ(world_.take(),
            (lines{"child_terminated b (crash)", "shutdown b (reached_max_restart_intensity)"}));
}

TEST_F(back_off_test, a_waited_restart_is_counted_once) {
  make(one_for_one, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(crash("b"), verdict::go_on);
    EXPECT_EQ(retry(), verdict::go_on);
  }
  EXPECT_EQ(crash("b"), verdict::stop);
}

TEST_F(back_off_test, terminating_the_child_ends_the_wait) {
  make(one_for_one);
  crash("b");
  EXPECT_EQ(tree_->restart_child("b").what, kind::restarting);
  EXPECT_EQ(tree_->terminate_child("b").what, kind::ok);
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), lines{});
  EXPECT_EQ(state_of_b(), child_info::state_type::stopped);
}

TEST_F(back_off_test, a_wait_that_is_over_late_is_not_that_of_a_later_crash) {
  make(one_for_one);
  crash("b");
  tree_->terminate_child("b");
  tree_->restart_child("b");
  crash("b");
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on); // of the first crash
  EXPECT_EQ(world_.take(), lines{});
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), lines{"start b"});
}

TEST_F(back_off_test, one_for_all_ends_the_others_at_once_and_starts_all_later) {
  make(one_for_all);
  crash("b");
  EXPECT_EQ(world_.take(), (lines{"child_terminated b (crash)", "stop c", "stop a"}));
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), (lines{"start a", "start b", "start c"}));
}

TEST_F(back_off_test, rest_for_one_leaves_those_before_it_alone) {
  make(rest_for_one);
  crash("b");
  EXPECT_EQ(world_.take(), (lines{"child_terminated b (crash)", "stop c"}));
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), (lines{"start b", "start c"}));
}

} // namespace
} // namespace perron::supervisors::core
