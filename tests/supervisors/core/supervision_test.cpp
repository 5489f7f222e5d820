// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include "supervisors/core/supervision_fixture.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace perron::supervisors::core {
namespace {

using runtime::exit_reason;
using runtime::pid;
using testing::Combine;
using testing::Values;
using lines = std::vector<std::string>;
using kind = answer::kind;

class supervision_test : public supervision_fixture {};

// -- 5.2

TEST_F(supervision_test, starts_in_order_and_stops_in_reverse) {
  supervision tree({}, world_);
  ASSERT_TRUE(tree.start_all({spec("a"), spec("b"), spec("c")}));
  tree.stop_all();
  EXPECT_EQ(world_.log, (lines{"start a", "start b", "start c", "stop c", "stop b", "stop a"}));
}

TEST_F(supervision_test, a_failing_child_takes_back_those_before_it) {
  world_.failures["c"] = 1;
  supervision tree({}, world_);
  const runtime::result<void> up = tree.start_all({spec("a"), spec("b"), spec("c"), spec("d")});
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().text, "failed_to_start_child: c: no");
  EXPECT_EQ(world_.log, (lines{"start a", "start b", "fail c", "start_error c (no)", "stop b", "stop a"}));
}

TEST_F(supervision_test, an_ignored_child_is_kept_unless_it_is_temporary) {
  world_.ignoring = {"a", "b", "c"};
  make(one_for_one, {spec("a"), spec("b", transient), spec("c", temporary), spec("d")});
  EXPECT_EQ(picture(), "a- b- d");
}

// -- 5.3: restart types by reasons by strategies

struct reason_case {
  const char* name;
  exit_reason why;
  bool orderly;
};

class one_child_ends
    : public supervision_test,
      public testing::WithParamInterface<std::tuple<strategy_type, restart_type, reason_case>> {};

TEST_P(one_child_ends, as_in_the_table) {
  const auto& [strategy, restart, reason] = GetParam();
  make(strategy, {spec("a", restart)});
  EXPECT_EQ(ends("a", reason.why), verdict::go_on);
  const std::string report = "child_terminated a (" + reason.why.to_string() + ")";
  const bool again = restart == permanent || (restart == transient && !reason.orderly);
  lines expected;
  if (again || !reason.orderly)
    expected.push_back(report);
  if (again)
    expected.push_back("start a");
  EXPECT_EQ(world_.log, expected);
  EXPECT_EQ(picture(), again ? "a" : restart == temporary ? "" : "a-");
}

INSTANTIATE_TEST_SUITE_P(
    otp_5_3, one_child_ends,
    Combine(Values(one_for_one, one_for_all, rest_for_one), Values(permanent, transient, temporary),
            Values(reason_case{"normal", exit_reason::normal(), true},
                   reason_case{"shutdown", exit_reason::shutdown(), true},
                   reason_case{"shutdown_with_text", exit_reason::shutdown("done"), true},
                   reason_case{"killed", exit_reason::killed(), false},
                   reason_case{"noproc", exit_reason::noproc(), false},
                   reason_case{
                       "exception", {exit_reason::kind::exception, "oops", "std::runtime_error"}, false},
                   reason_case{"custom", exit_reason::custom("why not"), false})),
    [](const auto& what) {
      return std::string(to_string(std::get<0>(what.param))) + "_" +
             std::string(to_string(std::get<1>(what.param))) + "_" + std::get<2>(what.param).name;
    });

TEST_F(supervision_test, the_end_of_a_stranger_means_nothing) {
  make(one_for_one, {spec("a")});
  EXPECT_EQ(tree_->child_ended(pid(nullptr, 4711), crash), verdict::go_on);
  EXPECT_EQ(world_.log, lines{});
}

TEST_F(supervision_test, the_former_process_of_a_child_is_a_stranger) {
  make(one_for_one, {spec("a")});
  const pid former = who("a");
  ends("a");
  world_.take();
  tree_->child_ended(former, crash);
  EXPECT_EQ(world_.log, lines{});
  EXPECT_EQ(picture(), "a");
}

// -- auto_shutdown

std::vector<child_spec> with_significant(restart_type restart) {
  child_spec b = spec("b", restart);
  child_spec c = spec("c", restart);
  b.significant = c.significant = true;
  return {spec("a", transient), b, c};
}

TEST_F(supervision_test, any_significant_child_that_ends_stops_all) {
  make({.auto_shutdown = auto_shutdown_type::any_significant}, with_significant(transient));
  EXPECT_EQ(ends("a", exit_reason::normal()), verdict::go_on);
  EXPECT_EQ(ends("b", exit_reason::normal()), verdict::stop);
}

TEST_F(supervision_test, the_last_significant_child_that_ends_stops_all) {
  make({.auto_shutdown = auto_shutdown_type::all_significant}, with_significant(temporary));
  EXPECT_EQ(ends("b", crash), verdict::go_on);
  EXPECT_EQ(ends("c", exit_reason::shutdown("done")), verdict::stop);
}

TEST_F(supervision_test, a_significant_child_that_is_restarted_stops_nothing) {
  make({.auto_shutdown = auto_shutdown_type::any_significant}, with_significant(transient));
  EXPECT_EQ(ends("b"), verdict::go_on);
  EXPECT_EQ(picture(), "a b c");
}

TEST_F(supervision_test, a_significant_child_that_is_restarting_is_still_there) {
  make({.auto_shutdown = auto_shutdown_type::all_significant}, with_significant(transient));
  world_.failures["b"] = 1;
  ends("b");
  EXPECT_EQ(ends("c", exit_reason::normal()), verdict::go_on);
}

TEST_F(supervision_test, terminating_a_significant_child_stops_nothing) {
  make({.auto_shutdown = auto_shutdown_type::any_significant}, with_significant(temporary));
  tree_->terminate_child("b");
  EXPECT_EQ(picture(), "a c");
}

// -- 5.4

TEST_F(supervision_test, intensity_is_shared_by_all_children) {
  make({.intensity = 2, .period = std::chrono::seconds(5)}, {spec("a"), spec("b")});
  EXPECT_EQ(ends("a"), verdict::go_on);
  world_.seconds += 5;
  EXPECT_EQ(ends("b"), verdict::go_on);
  world_.take();
  EXPECT_EQ(ends("a"), verdict::stop);
  EXPECT_EQ(world_.log, (lines{"child_terminated a (crash)", "shutdown a (reached_max_restart_intensity)"}));
}

TEST_F(supervision_test, old_restarts_are_forgiven) {
  make({.intensity = 1, .period = std::chrono::seconds(5)}, {spec("a")});
  for (int i = 0; i < 10; ++i, world_.seconds += 6)
    EXPECT_EQ(ends("a"), verdict::go_on);
}

TEST_F(supervision_test, with_intensity_0_the_first_crash_is_the_last) {
  make({.intensity = 0}, {spec("a"), spec("b")});
  EXPECT_EQ(ends("a"), verdict::stop);
  world_.take();
  tree_->stop_all();
  EXPECT_EQ(world_.log, (lines{"stop b"}));
}

TEST_F(supervision_test, a_failed_restart_is_retried_and_counted_each_time) {
  make({.intensity = 3}, {spec("a")});
  world_.failures["a"] = 100;
  EXPECT_EQ(ends("a"), verdict::go_on);
  EXPECT_EQ(picture(), "a?");
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(retry(), verdict::go_on);
  world_.take();
  EXPECT_EQ(retry(), verdict::stop);
  EXPECT_EQ(world_.log, (lines{"shutdown a (reached_max_restart_intensity)"}));
}

TEST_F(supervision_test, a_retry_that_succeeds_ends_the_matter) {
  make(one_for_one, {spec("a")});
  world_.failures["a"] = 1;
  ends("a");
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(picture(), "a");
  EXPECT_EQ(world_.log, (lines{"child_terminated a (crash)", "fail a", "start_error a (no)", "start a"}));
}

TEST_F(supervision_test, a_retry_is_dropped_if_the_child_was_terminated_meanwhile) {
  make(one_for_one, {spec("a")});
  world_.failures["a"] = 1;
  ends("a");
  EXPECT_EQ(tree_->terminate_child("a").what, kind::ok);
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.log, lines{});
  EXPECT_EQ(picture(), "a-");
}

TEST_F(supervision_test, a_retry_is_dropped_if_the_child_was_deleted_meanwhile) {
  make(one_for_one, {spec("a"), spec("b")});
  world_.failures["a"] = 1;
  ends("a");
  EXPECT_EQ(tree_->delete_child("a").what, kind::restarting);
  tree_->terminate_child("a");
  EXPECT_EQ(tree_->delete_child("a").what, kind::ok);
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(picture(), "b");
}

TEST_F(supervision_test, a_retry_of_an_earlier_failure_is_as_good_as_any) {
  make(one_for_all, {spec("a"), spec("b")});
  world_.failures["b"] = 2;
  ends("b");
  ends("a"); // the group fails at b once more: two retries are under way
  EXPECT_EQ(world_.retries.size(), 2U);
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), (lines{"stop a", "start a", "start b"}));
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), lines{});
}

// -- 5.5

TEST_F(supervision_test, one_for_one_restarts_that_one) {
  make(one_for_one, {spec("a"), spec("b"), spec("c")});
  ends("b");
  EXPECT_EQ(world_.log, (lines{"child_terminated b (crash)", "start b"}));
}

TEST_F(supervision_test, rest_for_one_restarts_that_one_and_those_after_it) {
  make(rest_for_one, {spec("a"), spec("b"), spec("c"), spec("t", temporary), spec("d", transient)});
  ends("b");
  EXPECT_EQ(world_.log, (lines{"child_terminated b (crash)", "stop d", "stop t", "stop c", "start b",
                               "start c", "start d"}));
  EXPECT_EQ(picture(), "a b c d");
}

TEST_F(supervision_test, one_for_all_restarts_all) {
  make(one_for_all, {spec("t", temporary), spec("a"), spec("b"), spec("u", temporary)});
  ends("a");
  EXPECT_EQ(world_.log,
            (lines{"child_terminated a (crash)", "stop u", "stop b", "stop t", "start a", "start b"}));
  EXPECT_EQ(picture(), "a b");
}

TEST_F(supervision_test, a_group_restart_starts_what_did_not_run_too) {
  make(one_for_all, {spec("a"), spec("b")});
  tree_->terminate_child("b");
  world_.take();
  ends("a");
  EXPECT_EQ(world_.log, (lines{"child_terminated a (crash)", "start a", "start b"}));
}

TEST_F(supervision_test, rest_for_one_that_fails_goes_on_from_the_child_that_failed) {
  make(rest_for_one, {spec("a"), spec("b"), spec("c"), spec("d")});
  world_.failures["c"] = 1;
  ends("b");
  EXPECT_EQ(world_.take(), (lines{"child_terminated b (crash)", "stop d", "stop c", "start b", "fail c",
                                  "start_error c (no)"}));
  EXPECT_EQ(picture(), "a b c? d-");
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), (lines{"start c", "start d"}));
  EXPECT_EQ(picture(), "a b c d");
}

TEST_F(supervision_test, one_for_all_that_fails_begins_anew) {
  make(one_for_all, {spec("a"), spec("b"), spec("c")});
  world_.failures["b"] = 1;
  ends("c");
  EXPECT_EQ(picture(), "a b? c-");
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.take(), (lines{"stop a", "start a", "start b", "start c"}));
}

TEST_F(supervision_test, a_crash_while_a_sibling_is_restarting_makes_its_retry_stale) {
  make(one_for_all, {spec("a"), spec("b")});
  world_.failures["b"] = 1;
  ends("b");
  EXPECT_EQ(picture(), "a b?");
  ends("a");
  EXPECT_EQ(picture(), "a b");
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.log, lines{});
}

// -- 5.6

struct stop_case {
  const char* name;
  restart_type restart;
  shutdown_rule rule;
  exit_reason ends_with;
  bool reported;
};

class stopping_a_child : public supervision_test, public testing::WithParamInterface<stop_case> {};

TEST_P(stopping_a_child, reports_an_end_that_is_not_as_ordered) {
  const stop_case& c = GetParam();
  child_spec a = spec("a", c.restart);
  a.shutdown = c.rule;
  make(one_for_one, {a});
  world_.ends_with["a"] = c.ends_with;
  tree_->stop_all();
  lines expected{"stop a"};
  if (c.reported)
    expected.push_back("shutdown_error a (" + c.ends_with.to_string() + ")");
  EXPECT_EQ(world_.log, expected);
}

constexpr shutdown_rule timed = std::chrono::seconds(1);
INSTANTIATE_TEST_SUITE_P(
    otp_5_6, stopping_a_child,
    Values(stop_case{"shutdown", permanent, timed, exit_reason::shutdown(), false},
           stop_case{"killed_after_its_time", permanent, timed, exit_reason::killed(), true},
           stop_case{"killed_by_a_stranger", temporary, infinity, exit_reason::killed(), true},
           stop_case{"permanent_normal", permanent, timed, exit_reason::normal(), true},
           stop_case{"permanent_shutdown_with_text", permanent, timed, exit_reason::shutdown("x"), true},
           stop_case{"transient_normal", transient, timed, exit_reason::normal(), false},
           stop_case{"temporary_shutdown_with_text", temporary, timed, exit_reason::shutdown("x"), false},
           stop_case{"crash", temporary, timed, exit_reason::custom("crash"), true},
           stop_case{"brutal", permanent, brutal_kill, exit_reason::killed(), false},
           stop_case{"brutal_but_already_crashed", permanent, brutal_kill, exit_reason::custom("c"), true},
           stop_case{"brutal_but_permanent_shutdown", permanent, brutal_kill, exit_reason::shutdown(), true},
           stop_case{"brutal_but_transient_normal", transient, brutal_kill, exit_reason::normal(), false},
           stop_case{"noproc", permanent, timed, exit_reason::noproc(), true}),
    [](const auto& what) { return what.param.name; });

TEST_F(supervision_test, reports_name_the_child_in_full) {
  child_spec a = spec("a", transient);
  a.significant = true;
  a.shutdown = timed;
  make({.auto_shutdown = auto_shutdown_type::all_significant}, {a});
  const pid former = who("a");
  ends("a");
  ASSERT_EQ(world_.told.size(), 1U);
  const report::child& offender = world_.told[0];
  EXPECT_EQ(offender.who, former);
  EXPECT_EQ(offender.restart, transient);
  EXPECT_TRUE(offender.significant);
  EXPECT_EQ(offender.shutdown, timed);
  EXPECT_EQ(offender.type, child_type::worker);
  EXPECT_NE(offender.start.find("function_start"), std::string::npos) << offender.start;
}

} // namespace
} // namespace perron::supervisors::core
