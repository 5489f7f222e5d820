// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include "supervisors/core/supervision_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// otp-semantics 5.7
namespace perron::supervisors::core {
namespace {

using lines = std::vector<std::string>;
using kind = answer::kind;

class supervision_calls_test : public supervision_fixture {
protected:
  /// One child in each state: up, failing (restarting), down, and `gone` that no longer exists.
  void SetUp() override {
    make(one_for_one, {spec("up"), spec("failing"), spec("down"), spec("gone", temporary)});
    world_.failures["failing"] = 1;
    ends("failing");
    tree_->terminate_child("down");
    tree_->terminate_child("gone");
    ASSERT_EQ(picture(), "up failing? down-");
    world_.take();
  }
};

TEST_F(supervision_calls_test, start_child) {
  const answer fresh = tree_->start_child(spec("new"));
  EXPECT_EQ(fresh, (answer{kind::ok, who("new")}));
  EXPECT_EQ(tree_->start_child(spec("up")), (answer{kind::already_started, who("up")}));
  EXPECT_EQ(tree_->start_child(spec("failing")), answer{kind::already_present});
  EXPECT_EQ(tree_->start_child(spec("down")), answer{kind::already_present});
  EXPECT_EQ(picture(), "up failing? down- new");
}

TEST_F(supervision_calls_test, start_child_that_fails_is_forgotten) {
  world_.failures["new"] = 1;
  EXPECT_EQ(tree_->start_child(spec("new")), (answer{kind::start_failed, {}, "no"}));
  EXPECT_EQ(world_.log, (lines{"fail new"}));
  EXPECT_EQ(tree_->start_child(spec("new")).what, kind::ok);
}

TEST_F(supervision_calls_test, start_child_that_is_ignored) {
  world_.ignoring = {"p", "t"};
  EXPECT_EQ(tree_->start_child(spec("p")), answer{kind::ok});
  EXPECT_EQ(tree_->start_child(spec("t", temporary)), answer{kind::ok});
  EXPECT_EQ(picture(), "up failing? down- p-");
}

TEST_F(supervision_calls_test, terminate_child) {
  EXPECT_EQ(tree_->terminate_child("up"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("failing"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("down"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("gone"), answer{kind::not_found});
  EXPECT_EQ(world_.log, (lines{"stop up"}));
  EXPECT_EQ(picture(), "up- failing- down-");
}

TEST_F(supervision_calls_test, restart_child) {
  EXPECT_EQ(tree_->restart_child("up"), (answer{kind::running, who("up")}));
  EXPECT_EQ(tree_->restart_child("failing"), answer{kind::restarting});
  EXPECT_EQ(tree_->restart_child("gone"), answer{kind::not_found});
  const answer again = tree_->restart_child("down");
  EXPECT_EQ(again, (answer{kind::ok, who("down")}));
  EXPECT_EQ(picture(), "up failing? down");
}

TEST_F(supervision_calls_test, restart_child_that_fails_changes_nothing) {
  world_.failures["down"] = 1;
  EXPECT_EQ(tree_->restart_child("down"), (answer{kind::start_failed, {}, "no"}));
  EXPECT_EQ(picture(), "up failing? down-");
}

TEST_F(supervision_calls_test, restart_child_that_is_ignored) {
  world_.ignoring = {"down"};
  EXPECT_EQ(tree_->restart_child("down"), answer{kind::ok});
  EXPECT_EQ(picture(), "up failing? down-");
}

TEST_F(supervision_calls_test, delete_child) {
  EXPECT_EQ(tree_->delete_child("up").what, kind::running);
  EXPECT_EQ(tree_->delete_child("failing").what, kind::restarting);
  EXPECT_EQ(tree_->delete_child("gone").what, kind::not_found);
  EXPECT_EQ(tree_->delete_child("down").what, kind::ok);
  EXPECT_EQ(picture(), "up failing?");
}

TEST_F(supervision_calls_test, which_and_count_children) {
  using state = child_info::state_type;
  child_spec sub = spec("sub");
  sub.type = child_type::supervisor;
  tree_->start_child(sub);
  EXPECT_EQ(tree_->which_children(),
            (std::vector<child_info>{{"sub", who("sub"), state::running, child_type::supervisor},
                                     {"down", {}, state::stopped, child_type::worker},
                                     {"failing", {}, state::restarting, child_type::worker},
                                     {"up", who("up"), state::running, child_type::worker}}));
  EXPECT_EQ(tree_->count_children(), (child_counts{4, 2, 1, 3}));
  world_.dead.insert(who("up"));
  EXPECT_EQ(tree_->count_children(), (child_counts{4, 1, 1, 3}));
}

TEST_F(supervision_calls_test, spec_of) {
  ASSERT_NE(tree_->spec_of("up"), nullptr);
  EXPECT_EQ(tree_->spec_of("up")->id, "up");
  EXPECT_EQ(tree_->spec_of("up")->shutdown, shutdown_rule(std::chrono::seconds(5)));
  EXPECT_EQ(tree_->spec_of("gone"), nullptr);
}

TEST_F(supervision_calls_test, a_temporary_child_does_not_keep_what_it_was_started_with) {
  const auto held = std::make_shared<int>(1);
  tree_->start_child(child({.id = "new", .restart = temporary}, [held] {}));
  EXPECT_EQ(held.use_count(), 1);
  tree_->start_child(child("kept", [held] {}));
  EXPECT_EQ(held.use_count(), 2);
}

} // namespace
} // namespace perron::supervisors::core
