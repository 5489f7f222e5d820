// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/report.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <chrono>
#include <string>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::pid;
using context = report::context;

class report_subscription_test : public supervisor_fixture {};

std::string line(const report& what) { return std::string(to_string(what.what)) + " " + what.offender.id; }

TEST_F(report_subscription_test, subscribers_get_every_report_as_mail) {
  run([&] {
    subscribe_reports();
    subscribe_reports(); // twice is once
    const pid sup = started(options({.name = "sup"}), {noted("a"), noted("b")});
    for (const char* id : {"a", "b"}) {
      const report told = runtime::receive_one<report>();
      EXPECT_EQ(line(told), std::string("progress ") + id);
      EXPECT_EQ(told.supervisor, sup);
      EXPECT_EQ(told.supervisor_name, "sup");
      EXPECT_EQ(told.offender.who, who(sup, id));
    }
    runtime::exit(who(sup, "a"), exit_reason::custom("crash"));
    EXPECT_EQ(line(runtime::receive_one<report>()), "child_terminated a");
    EXPECT_EQ(line(runtime::receive_one<report>()), "progress a");
    unsubscribe_reports();
    stop(sup);
    runtime::receive([](const report& what) { ADD_FAILURE() << line(what); }, runtime::after(0s, [] {}));
    // the sink was not asked to hear of starts
    EXPECT_EQ(notes->take(), (lines{"start a", "start b", "end a (crash)", "child_terminated a (crash)",
                                    "start a", "end b (shutdown)", "end a (shutdown)"}));
  });
}

TEST_F(report_subscription_test, a_sink_hears_of_starts_if_it_is_asked_to) {
  run([&] {
    const pid sup = started(options({.progress = true}), {noted("a")});
    EXPECT_EQ(notes->take(), (lines{"start a", "progress a (normal)"}));
    stop(sup);
  });
}

TEST_F(report_subscription_test, starts_by_simple_supervisors_are_not_told) {
  run([&] {
    subscribe_reports();
    const pid sup = started(options({.strategy = simple_one_for_one, .progress = true}), {noted("a")});
    EXPECT_TRUE(start_child(sup, with()));
    stop(sup);
    runtime::receive([](const report& what) { ADD_FAILURE() << line(what); }, runtime::after(0s, [] {}));
    unsubscribe_reports();
  });
}

TEST_F(report_subscription_test, stop_supervisor_waits_for_the_end) {
  run([&] {
    const pid sup = started(options(), {noted("a")});
    notes->take();
    EXPECT_TRUE(stop_supervisor(sup, exit_reason::normal()));
    EXPECT_FALSE(runtime::alive(sup));
    EXPECT_EQ(notes->take(), lines{"end a (shutdown)"});
    EXPECT_EQ(stop_supervisor(sup).error().text, "noproc");
  });
}

TEST_F(report_subscription_test, what_a_start_function_tells_reaches_who_asked) {
  run([&] {
    const pid sup = started(options(), {});
    child_spec spec;
    spec.id = "a";
    spec.start = []() -> runtime::result<supervisors::started> {
      return supervisors::started(runtime::spawn_link([] { testing::bad::hang{}(); }), "port 8080");
    };
    const answer said = start_child(sup, spec);
    EXPECT_EQ(said.info, "port 8080");
    EXPECT_TRUE(terminate_child(sup, "a"));
    EXPECT_EQ(restart_child(sup, "a").info, "port 8080");
    child_spec nothing;
    nothing.id = "nothing";
    nothing.start = [] { return ignore; };
    EXPECT_EQ(start_child(sup, nothing), answer{});
    stop(sup);
  });
}

} // namespace
} // namespace perron::supervisors
