// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/supervision.hpp>

#include "supervisors/core/recorded_world.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace perron::supervisors::core {

void PrintTo(verdict what, std::ostream* out); // of several tests
void PrintTo(verdict what, std::ostream* out) { *out << (what == verdict::stop ? "stop" : "go_on"); }

namespace {

using runtime::exit_reason;
using runtime::pid;
using testing::Combine;
using testing::Values;
using lines = std::vector<std::string>;
using kind = answer::kind;

const exit_reason crash = exit_reason::custom("crash");

child_spec spec(std::string id, restart_type restart = permanent) {
  child_spec made = child(std::move(id), [] {});
  made.restart = restart;
  return made;
}

class supervision_test : public testing::Test {
protected:
  void make(supervisor_options how, std::vector<child_spec> specs) {
    tree_ = std::make_unique<supervision>(how, world_);
    ASSERT_TRUE(tree_->start_all(std::move(specs)));
    world_.take();
  }
  void make(strategy_type strategy, std::vector<child_spec> specs) {
    make({.strategy = strategy, .intensity = 10}, std::move(specs));
  }

  pid who(const std::string& id) {
    for (const child_info& each : tree_->which_children())
      if (each.id == id)
        return each.who;
    return {};
  }
  verdict ends(const std::string& id, const exit_reason& why = crash) {
    return tree_->child_ended(who(id), why);
  }

  /// As the process does with its own message.
  verdict retry() {
    const std::uint64_t ticket = world_.retries.front().first;
    world_.retries.pop_front();
    return tree_->retry(ticket);
  }

  /// "a b? c-": b is about to be restarted, c does not run.
  std::string picture() {
    std::string out;
    const std::vector<child_info> newest_first = tree_->which_children();
    for (auto at = newest_first.rbegin(); at != newest_first.rend(); ++at) {
      using state = child_info::state_type;
      out += (out.empty() ? "" : " ") + at->id;
      out += at->state == state::running ? "" : at->state == state::restarting ? "?" : "-";
      EXPECT_EQ(at->state == state::running, static_cast<bool>(at->who));
    }
    return out;
  }

  recorded_world world_;
  std::unique_ptr<supervision> tree_;
};

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

// -- 5.7

class calls : public supervision_test {
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

TEST_F(calls, start_child) {
  const answer fresh = tree_->start_child(spec("new"));
  EXPECT_EQ(fresh, (answer{kind::ok, who("new")}));
  EXPECT_EQ(tree_->start_child(spec("up")), (answer{kind::already_started, who("up")}));
  EXPECT_EQ(tree_->start_child(spec("failing")), answer{kind::already_present});
  EXPECT_EQ(tree_->start_child(spec("down")), answer{kind::already_present});
  EXPECT_EQ(picture(), "up failing? down- new");
}

TEST_F(calls, start_child_that_fails_is_forgotten) {
  world_.failures["new"] = 1;
  EXPECT_EQ(tree_->start_child(spec("new")), (answer{kind::start_failed, {}, "no"}));
  EXPECT_EQ(world_.log, (lines{"fail new"}));
  EXPECT_EQ(tree_->start_child(spec("new")).what, kind::ok);
}

TEST_F(calls, start_child_that_is_ignored) {
  world_.ignoring = {"p", "t"};
  EXPECT_EQ(tree_->start_child(spec("p")), answer{kind::ok});
  EXPECT_EQ(tree_->start_child(spec("t", temporary)), answer{kind::ok});
  EXPECT_EQ(picture(), "up failing? down- p-");
}

TEST_F(calls, terminate_child) {
  EXPECT_EQ(tree_->terminate_child("up"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("failing"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("down"), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child("gone"), answer{kind::not_found});
  EXPECT_EQ(world_.log, (lines{"stop up"}));
  EXPECT_EQ(picture(), "up- failing- down-");
}

TEST_F(calls, restart_child) {
  EXPECT_EQ(tree_->restart_child("up"), (answer{kind::running, who("up")}));
  EXPECT_EQ(tree_->restart_child("failing"), answer{kind::restarting});
  EXPECT_EQ(tree_->restart_child("gone"), answer{kind::not_found});
  const answer again = tree_->restart_child("down");
  EXPECT_EQ(again, (answer{kind::ok, who("down")}));
  EXPECT_EQ(picture(), "up failing? down");
}

TEST_F(calls, restart_child_that_fails_changes_nothing) {
  world_.failures["down"] = 1;
  EXPECT_EQ(tree_->restart_child("down"), (answer{kind::start_failed, {}, "no"}));
  EXPECT_EQ(picture(), "up failing? down-");
}

TEST_F(calls, restart_child_that_is_ignored) {
  world_.ignoring = {"down"};
  EXPECT_EQ(tree_->restart_child("down"), answer{kind::ok});
  EXPECT_EQ(picture(), "up failing? down-");
}

TEST_F(calls, delete_child) {
  EXPECT_EQ(tree_->delete_child("up").what, kind::running);
  EXPECT_EQ(tree_->delete_child("failing").what, kind::restarting);
  EXPECT_EQ(tree_->delete_child("gone").what, kind::not_found);
  EXPECT_EQ(tree_->delete_child("down").what, kind::ok);
  EXPECT_EQ(picture(), "up failing?");
}

TEST_F(calls, which_and_count_children) {
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

TEST_F(calls, spec_of) {
  ASSERT_NE(tree_->spec_of("up"), nullptr);
  EXPECT_EQ(tree_->spec_of("up")->id, "up");
  EXPECT_EQ(tree_->spec_of("up")->shutdown, shutdown_rule(std::chrono::seconds(5)));
  EXPECT_EQ(tree_->spec_of("gone"), nullptr);
}

TEST_F(calls, a_temporary_child_does_not_keep_what_it_was_started_with) {
  const auto held = std::make_shared<int>(1);
  tree_->start_child(child({.id = "new", .restart = temporary}, [held] {}));
  EXPECT_EQ(held.use_count(), 1);
  tree_->start_child(child("kept", [held] {}));
  EXPECT_EQ(held.use_count(), 2);
}

} // namespace
} // namespace perron::supervisors::core
