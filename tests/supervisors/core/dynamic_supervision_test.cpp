// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/dynamic_supervision.hpp>

#include "supervisors/core/recorded_world.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace perron::supervisors::core {
namespace {

using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::pid;
using testing::Combine;
using testing::Values;
using lines = std::vector<std::string>;
using kind = answer::kind;
using state = child_info::state_type;

const exit_reason crash = exit_reason::custom("crash");

class dynamic_test : public testing::Test {
protected:
  void make(dynamic_rules rules) {
    rules.simple = false;
    tree_ = std::make_unique<dynamic_supervision>(rules, world_);
    ASSERT_TRUE(tree_->start_all({}));
  }
  void make_simple(child_spec one, dynamic_rules rules = {.intensity = 10}) {
    rules.simple = true;
    tree_ = std::make_unique<dynamic_supervision>(rules, world_);
    std::vector<child_spec> specs;
    specs.push_back(std::move(one));
    ASSERT_TRUE(tree_->start_all(std::move(specs)));
  }
  static child_spec room(restart_type restart = permanent) {
    return child({.id = "room", .restart = restart}, [] {});
  }

  pid add() { return tree_->start_child(with(1)).who; }
  pid add(child_spec spec) { return tree_->start_child(std::move(spec)).who; }
  verdict retry() {
    const std::uint64_t ticket = world_.retries.front().first;
    world_.retries.pop_front();
    return tree_->retry(ticket);
  }
  child_counts counts() const { return tree_->count_children(); }

  recorded_world world_;
  std::unique_ptr<dynamic_supervision> tree_;
};

// -- 5.2, 5.7: starting

TEST_F(dynamic_test, simple_starts_nothing_at_init) {
  make_simple(room());
  EXPECT_EQ(world_.log, lines{});
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
}

TEST_F(dynamic_test, simple_keeps_the_arguments_for_each_restart) {
  make_simple(room());
  const pid a = tree_->start_child(with("a")).who;
  const pid b = tree_->start_child(with("b")).who;
  tree_->child_ended(b, crash);
  tree_->child_ended(a, crash);
  lines given;
  for (const arguments& each : world_.given_to)
    given.push_back(std::get<0>(*each.get_if<std::string>()));
  EXPECT_EQ(given, (lines{"a", "b", "b", "a"}));
}

TEST_F(dynamic_test, a_start_that_fails_or_is_ignored_leaves_nothing) {
  make_simple(room());
  world_.failures["room"] = 1;
  EXPECT_EQ(tree_->start_child(with(1)), (answer{kind::start_failed, {}, "no"}));
  world_.ignoring = {"room"};
  EXPECT_EQ(tree_->start_child(with(1)), answer{kind::ok});
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
  EXPECT_EQ(world_.log, (lines{"fail room", "start room"})); // and no report
}

TEST_F(dynamic_test, each_kind_is_started_in_its_own_way) {
  make_simple(room());
  EXPECT_EQ(tree_->start_child(room()).what, kind::bad_spec);
  make({});
  EXPECT_EQ(tree_->start_child(with(1)).what, kind::bad_spec);
  EXPECT_EQ(world_.log, lines{});
}

TEST_F(dynamic_test, ids_may_be_repeated) {
  make({});
  EXPECT_NE(add(room()), add(room()));
  EXPECT_EQ(counts(), (child_counts{2, 2, 0, 2}));
}

TEST_F(dynamic_test, max_children_is_the_most_there_may_be) {
  make({.max_children = 2, .intensity = 10});
  const pid a = add(room(temporary));
  const pid b = add(room());
  EXPECT_EQ(tree_->start_child(room()), (answer{kind::max_children, {}, "2 children"}));
  world_.failures["room"] = 1;
  tree_->child_ended(b, crash); // it will be tried again, so its place is not free
  EXPECT_EQ(tree_->start_child(room()).what, kind::max_children);
  tree_->child_ended(a, exit_reason::normal());
  EXPECT_EQ(tree_->start_child(room()).what, kind::ok);
}

TEST_F(dynamic_test, a_temporary_child_does_not_keep_what_it_was_started_with) {
  make({});
  const auto held = std::make_shared<int>(1);
  add(child({.id = "a", .restart = temporary}, [held] {}));
  EXPECT_EQ(held.use_count(), 1);
  add(child("b", [held] {}));
  EXPECT_EQ(held.use_count(), 2);
}

// -- 5.3

struct reason_case {
  const char* name;
  exit_reason why;
  bool orderly;
};

class dynamic_child_ends : public dynamic_test,
                           public testing::WithParamInterface<std::tuple<bool, restart_type, reason_case>> {};

TEST_P(dynamic_child_ends, as_in_the_table) {
  const auto& [simple, restart, reason] = GetParam();
  if (simple)
    make_simple(room(restart));
  else
    make({});
  const pid who = simple ? add() : add(room(restart));
  world_.take();
  EXPECT_EQ(tree_->child_ended(who, reason.why), verdict::go_on);
  const bool again = restart == permanent || (restart == transient && !reason.orderly);
  lines expected;
  if (again || !reason.orderly)
    expected.push_back("child_terminated room (" + reason.why.to_string() + ")");
  if (again)
    expected.emplace_back("start room");
  EXPECT_EQ(world_.log, expected);
  EXPECT_EQ(counts().active, again ? 1U : 0U); // who does not come back is forgotten
}

INSTANTIATE_TEST_SUITE_P(
    otp_5_3, dynamic_child_ends,
    Combine(Values(true, false), Values(permanent, transient, temporary),
            Values(reason_case{"normal", exit_reason::normal(), true},
                   reason_case{"shutdown", exit_reason::shutdown(), true},
                   reason_case{"shutdown_with_text", exit_reason::shutdown("done"), true},
                   reason_case{"killed", exit_reason::killed(), false},
                   reason_case{"noproc", exit_reason::noproc(), false},
                   reason_case{
                       "exception", {exit_reason::kind::exception, "oops", "std::runtime_error"}, false},
                   reason_case{"custom", exit_reason::custom("why not"), false})),
    [](const auto& what) {
      return std::string(std::get<0>(what.param) ? "simple_" : "dynamic_") +
             std::string(to_string(std::get<1>(what.param))) + "_" + std::get<2>(what.param).name;
    });

TEST_F(dynamic_test, strangers_and_former_processes_mean_nothing) {
  make_simple(room());
  const pid former = add();
  tree_->child_ended(former, crash);
  world_.take();
  tree_->child_ended(former, crash);
  tree_->child_ended(pid(nullptr, 4711), crash);
  EXPECT_EQ(world_.log, lines{});
}

TEST_F(dynamic_test, a_restart_that_is_ignored_forgets_the_child) {
  make_simple(room());
  const pid a = add();
  world_.ignoring = {"room"};
  EXPECT_EQ(tree_->child_ended(a, crash), verdict::go_on);
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
}

TEST_F(dynamic_test, significant_children_stop_all) {
  child_spec spec = room(transient);
  spec.significant = true;
  make_simple(spec, {.auto_shutdown = auto_shutdown_type::any_significant});
  const pid a = add();
  add();
  EXPECT_EQ(tree_->child_ended(a, exit_reason::normal()), verdict::stop);

  make_simple(spec, {.auto_shutdown = auto_shutdown_type::all_significant});
  const pid b = add();
  const pid c = add();
  EXPECT_EQ(tree_->child_ended(b, exit_reason::normal()), verdict::go_on);
  EXPECT_EQ(tree_->child_ended(c, exit_reason::normal()), verdict::stop);
}

// -- 5.4

TEST_F(dynamic_test, intensity_is_shared_by_all_children) {
  make_simple(room(), {.intensity = 2, .period = 5s});
  const pid a = add();
  const pid b = add();
  const pid c = add();
  EXPECT_EQ(tree_->child_ended(a, crash), verdict::go_on);
  world_.seconds += 5;
  EXPECT_EQ(tree_->child_ended(b, crash), verdict::go_on);
  world_.take();
  EXPECT_EQ(tree_->child_ended(c, crash), verdict::stop);
  EXPECT_EQ(world_.log,
            (lines{"child_terminated room (crash)", "shutdown room (reached_max_restart_intensity)"}));
  EXPECT_EQ(counts().active, 2U);
}

TEST_F(dynamic_test, a_failed_restart_is_retried_and_counted_each_time) {
  make_simple(room(), {.intensity = 2});
  const pid a = add();
  world_.failures["room"] = 100;
  EXPECT_EQ(tree_->child_ended(a, crash), verdict::go_on);
  EXPECT_EQ(tree_->which_children(),
            (std::vector<child_info>{{"", {}, state::restarting, child_type::worker}}));
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 1}));
  EXPECT_EQ(retry(), verdict::go_on);
  world_.take();
  EXPECT_EQ(retry(), verdict::stop);
  EXPECT_EQ(world_.log, lines{"shutdown room (reached_max_restart_intensity)"});
}

TEST_F(dynamic_test, a_child_that_is_restarting_goes_by_its_last_pid) {
  make_simple(room());
  const pid a = add();
  world_.failures["room"] = 1;
  tree_->child_ended(a, crash);
  world_.take();
  EXPECT_EQ(tree_->terminate_child(a), answer{kind::ok});
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.log, lines{});
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
}

TEST_F(dynamic_test, a_back_off_is_waited_for) {
  child_spec spec = room();
  spec.back_off = {.initial = 100ms, .jitter = 0};
  make({.intensity = 10});
  const pid a = add(spec);
  tree_->child_ended(a, crash);
  ASSERT_EQ(world_.retries.size(), 1U);
  EXPECT_EQ(world_.retries.front().second, 100ms);
  EXPECT_EQ(counts().active, 0U);
  world_.take();
  EXPECT_EQ(retry(), verdict::go_on);
  EXPECT_EQ(world_.log, lines{"start room"});
  EXPECT_EQ(counts().active, 1U);
}

// -- 5.6

TEST_F(dynamic_test, all_end_together_and_the_errors_of_simple_ones_are_grouped) {
  make_simple(room());
  for (int i = 0; i < 3; ++i)
    add();
  world_.ends_with["room"] = exit_reason::killed();
  world_.take();
  world_.told.clear();
  tree_->stop_all();
  EXPECT_EQ(world_.log,
            (lines{"together 3", "stop room", "stop room", "stop room", "shutdown_error room (killed)"}));
  ASSERT_EQ(world_.told.size(), 1U);
  EXPECT_EQ(world_.told[0].nb_children, 3U);
  EXPECT_EQ(world_.told[0].who, pid());
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
}

TEST_F(dynamic_test, dynamic_children_that_do_not_end_as_told_are_reported_each) {
  make({});
  const pid a = add(room());
  const pid b = add(room());
  world_.ends_with["room"] = crash;
  tree_->stop_all();
  ASSERT_EQ(world_.told.size(), 2U);
  EXPECT_EQ(world_.told[0].who, a);
  EXPECT_EQ(world_.told[1].who, b);
}

TEST_F(dynamic_test, those_that_are_restarting_need_no_ending) {
  make_simple(room());
  const pid a = add();
  add();
  world_.failures["room"] = 1;
  tree_->child_ended(a, crash);
  world_.take();
  tree_->stop_all();
  EXPECT_EQ(world_.log, (lines{"together 1", "stop room"}));
}

// -- 5.7: the other calls

TEST_F(dynamic_test, ids_name_nobody) {
  make_simple(room());
  add();
  EXPECT_EQ(tree_->terminate_child("room"), answer{kind::simple_one_for_one});
  EXPECT_EQ(tree_->restart_child("room"), answer{kind::simple_one_for_one});
  EXPECT_EQ(tree_->delete_child("room"), answer{kind::simple_one_for_one});
  make({});
  add(room());
  EXPECT_EQ(tree_->terminate_child("room"), answer{kind::not_found});
  EXPECT_EQ(tree_->restart_child("room"), answer{kind::not_found});
  EXPECT_EQ(tree_->delete_child("room"), answer{kind::not_found});
}

TEST_F(dynamic_test, terminate_child_by_pid) {
  make_simple(room());
  const pid a = add();
  const pid foreign(nullptr, 4711);
  const pid dead(nullptr, 4712);
  world_.dead.insert(dead);
  EXPECT_EQ(tree_->terminate_child(a), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child(foreign), answer{kind::not_found});
  EXPECT_EQ(tree_->terminate_child(dead), answer{kind::ok});
  EXPECT_EQ(counts(), (child_counts{1, 0, 0, 0}));
  make({});
  EXPECT_EQ(tree_->terminate_child(add(room())), answer{kind::ok});
  EXPECT_EQ(tree_->terminate_child(dead), answer{kind::not_found});
}

TEST_F(dynamic_test, get_childspec) {
  make_simple(room());
  const child_spec* one = tree_->spec_of(add());
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(tree_->spec_of(pid(nullptr, 4711)), nullptr);
  world_.dead.insert(pid(nullptr, 4712));
  EXPECT_EQ(tree_->spec_of(pid(nullptr, 4712)), one); // OTP: any process that has ended
  EXPECT_EQ(tree_->spec_of("room"), one);
  EXPECT_EQ(tree_->spec_of("hall"), nullptr);
  make({});
  EXPECT_EQ(tree_->spec_of(add(room(transient)))->restart, transient);
}

TEST_F(dynamic_test, supervisors_among_the_children_are_counted_by_themselves) {
  make({.intensity = 10});
  child_spec inner = room();
  inner.type = child_type::supervisor;
  const pid a = add(inner);
  add(room());
  EXPECT_EQ(counts(), (child_counts{2, 2, 1, 1}));
  tree_->terminate_child(a);
  EXPECT_EQ(counts(), (child_counts{1, 1, 0, 1}));
}

TEST_F(dynamic_test, pages_show_each_child_that_stays_once) {
  make({.intensity = 10});
  std::vector<pid> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(add(room(temporary)));
  child_page first = tree_->which_children({.from = 0, .most = 4});
  ASSERT_EQ(first.children.size(), 4U);
  ASSERT_NE(first.next, 0U);
  tree_->terminate_child(all[1]); // seen
  tree_->terminate_child(all[6]); // not seen
  std::vector<pid> rest;
  for (std::uint64_t next = first.next; next != 0;) {
    const child_page more = tree_->which_children({.from = next, .most = 4});
    for (const child_info& each : more.children)
      rest.push_back(each.who);
    next = more.next;
  }
  EXPECT_EQ(rest, (std::vector<pid>{all[4], all[5], all[7], all[8], all[9]}));
  EXPECT_EQ(tree_->which_children().size(), 8U);
}

} // namespace
} // namespace perron::supervisors::core
