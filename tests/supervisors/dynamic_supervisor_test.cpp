// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/dynamic_supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/message.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using kind = answer::kind;
using runtime::exit_reason;
using runtime::pid;
using testing::reason_of;
namespace bad = testing::bad;

class dynamic_supervisor_test : public supervisor_fixture {
protected:
  pid rooms(dynamic_options how = {}) const {
    how.reports = options().reports;
    return start_dynamic_supervisor(std::move(how)).value();
  }
};

TEST_F(dynamic_supervisor_test, children_come_and_go_by_their_pids) {
  run([&] {
    const pid sup = rooms({.name = "rooms", .max_children = 2});
    EXPECT_EQ(runtime::whereis("rooms"), sup);
    const pid a = start_child(sup, noted("a")).who;
    EXPECT_TRUE(start_child(sup, noted("a")));
    EXPECT_EQ(start_child(sup, noted("b")).what, kind::max_children);
    EXPECT_EQ(start_child(sup, with(1)).what, kind::bad_spec);
    EXPECT_EQ(terminate_child(sup, a), answer{kind::ok});
    EXPECT_EQ(terminate_child(sup, a), answer{kind::not_found});
    EXPECT_TRUE(start_child(sup, noted("")));
    EXPECT_EQ(count_children(sup).value(), (child_counts{2, 2, 0, 2}));
    EXPECT_EQ(facts_of(sup, 5s).value().kind, "dynamic");
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
  });
}

TEST_F(dynamic_supervisor_test, each_child_is_restarted_by_itself) {
  run([&] {
    const pid sup = rooms({.intensity = 2});
    const pid a = start_child(sup, noted("a")).who;
    start_child(sup, noted("b", temporary));
    notes->take();
    const runtime::monitor_ref ends = runtime::monitor(a);
    runtime::cast(a, noted_server::crash{});
    reason_of(ends);
    EXPECT_EQ(count_children(sup).value().active, 2U);
    EXPECT_EQ(notes->take(), (lines{"end a (std::runtime_error: as ordered)",
                                    "child_terminated a (std::runtime_error: as ordered)", "start a"}));
    EXPECT_FALSE(runtime::alive(a));
    stop(sup);
  });
}

TEST_F(dynamic_supervisor_test, it_gives_up_as_any_other) {
  run([&] {
    const pid sup = rooms({.intensity = 0});
    const pid a = start_child(sup, noted("a")).who;
    start_child(sup, noted("b"));
    notes->take();
    const runtime::monitor_ref ends = runtime::monitor(sup);
    runtime::exit(a, exit_reason::custom("crash"));
    EXPECT_EQ(reason_of(ends), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"end a (crash)", "child_terminated a (crash)",
                                    "shutdown a (reached_max_restart_intensity)", "end b (shutdown)"}));
  });
}

TEST_F(dynamic_supervisor_test, a_child_of_a_tree) {
  run([&] {
    const pid top = started({}, {dynamic_supervisor_child("rooms", {.name = "rooms"})});
    EXPECT_TRUE(start_child(runtime::whereis("rooms"), noted("a")));
    EXPECT_EQ(count_children(top).value(), (child_counts{1, 1, 1, 0}));
    EXPECT_EQ(stop(top), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"start a", "end a (shutdown)"}));
  });
}

TEST_F(dynamic_supervisor_test, wrong_options_and_specs_are_refused) {
  run([&] {
    EXPECT_EQ(start_dynamic_supervisor({.period = 0s}).error().text,
              "invalid_period: it must be one second or more");
    const pid sup = rooms();
    EXPECT_EQ(start_child(sup, child_spec{}).what, kind::bad_spec);
    child_spec significant = noted("a", transient);
    significant.significant = true;
    EXPECT_EQ(start_child(sup, significant).what, kind::bad_spec);
    stop(sup);
  });
}

TEST_F(dynamic_supervisor_test, every_child_is_ended_by_its_own_rule) {
  run([&] {
    const pid sup = rooms();
    start_child(sup, noted("patient"));
    start_child(sup, child({.id = "deaf", .shutdown = 1ms, .spawn = {.trap_exit = true}}, bad::trap_exits{}));
    child_spec brutal = noted("brutal");
    brutal.shutdown = brutal_kill;
    start_child(sup, brutal);
    notes->take();
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    lines said = notes->take();
    std::sort(said.begin(), said.end());
    EXPECT_EQ(said, (lines{"end patient (shutdown)", "shutdown_error deaf (killed)"}));
  });
}

TEST_F(dynamic_supervisor_test, very_many_children_are_listed_by_pages_and_stopped_together) {
  run([&] {
    const pid sup = rooms();
    const std::size_t many = testing::scaled(50'000, 2'000);
    std::set<pid> all;
    for (std::size_t i = 0; i < many; ++i)
      all.insert(start_child(sup, child("", bad::hang{})).who);
    EXPECT_EQ(count_children(sup).value().active, many);
    std::set<pid> seen;
    std::uint64_t next = 0;
    do {
      const child_page part = which_children(sup, {.from = next, .most = 999}).value();
      for (const child_info& each : part.children)
        EXPECT_TRUE(seen.insert(each.who).second);
      next = part.next;
    } while (next != 0);
    EXPECT_EQ(seen, all);
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    for (const pid each : all)
      EXPECT_FALSE(runtime::alive(each));
  });
}

TEST_F(dynamic_supervisor_test, a_back_off_is_waited_for_and_forgotten_at_the_end) {
  run([&] {
    const pid sup = rooms({.intensity = 10});
    child_spec slow = noted("slow");
    slow.back_off = {.initial = 1ms};
    child_spec slower = noted("slower");
    slower.back_off = {.initial = 1h, .ceiling = 1h};
    const pid first = start_child(sup, slow).who;
    const pid second = start_child(sup, slower).who;
    notes->take();
    runtime::exit(first, exit_reason::custom("crash"));
    runtime::exit(second, exit_reason::custom("crash"));
    testing::yield_until([&] {
      const auto all = which_children(sup, {}).value().children;
      const auto is_new = [&](const child_info& each) {
        return each.state == child_info::state_type::running && each.who != first && each.who != second;
      };
      const auto is_second = [&](const child_info& each) { return each.who == second; };
      return std::count_if(all.begin(), all.end(), is_new) == 1 &&
             std::none_of(all.begin(), all.end(), is_second);
    });
    EXPECT_EQ(count_children(sup).value(), (child_counts{2, 1, 0, 2}));
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
  });
  // its timer is not left over: see the fixture
}

} // namespace
} // namespace perron::supervisors
