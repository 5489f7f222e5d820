// SPDX-License-Identifier: BSD-3-Clause
#include "supervisors/app_program.hpp"

#include <perron/supervisors/app.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>

namespace perron::app {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const lines orderly{"start a", "start b", "ready", "end b (shutdown)", "end a (shutdown)", "main returns"};

TEST(app, stops_in_order_at_sigterm) {
  program p("waits");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(app, stops_in_order_at_sigint) {
  program p("waits");
  p.until("ready");
  p.signal(SIGINT);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(app, ignores_sigpipe) {
  program p("gets_sigpipe");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(app, ends_at_once_at_the_second_signal) {
  for (const auto& [first, second] : {std::pair(SIGTERM, SIGTERM), std::pair(SIGTERM, SIGINT)}) {
    program p("is_stubborn");
    p.until("ready");
    p.signal(first);
    p.until("does not want to");
    p.signal(second);
    EXPECT_EQ(p.wait(), 128 + second);
    EXPECT_EQ(p.said(), (lines{"start a", "start b", "ready", "does not want to"}));
  }
}

TEST(app, kills_what_does_not_stop_in_time) {
  program p("has_little_time");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said().back(), "main returns");
  EXPECT_NE(p.logged().find("program: did not stop in time"), std::string::npos) << p.logged();
}

TEST(app, can_be_stopped_while_it_starts) {
  program p("starts_slowly");
  p.until("starting");
  p.signal(SIGTERM);
  p.type('x');
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "starting", "end b (shutdown)", "end a (shutdown)",
                             "main returns"}));
}

TEST(app, gives_1_and_the_reason_if_the_root_gives_up) {
  program p("gives_up");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
  EXPECT_NE(
      p.logged().find("program: the root supervisor gave up: reached_max_restart_intensity (child 'weak')"),
      std::string::npos)
      << p.logged();
  EXPECT_NE(p.logged().find("std::runtime_error: too weak"), std::string::npos);
}

TEST(app, gives_1_and_the_reason_if_a_child_does_not_start) {
  program p("does_not_start");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
  EXPECT_NE(p.logged().find("failed_to_start_child: broken: no such port"), std::string::npos) << p.logged();
}

TEST(app, gives_1_and_the_reason_if_the_specs_are_wrong) {
  program p("has_wrong_specs");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"main returns"}));
  EXPECT_NE(p.logged().find("duplicate_child_name"), std::string::npos) << p.logged();
}

TEST(app, gives_0_if_its_work_is_done) {
  program p("comes_to_an_end");
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said().back(), "main returns");
  EXPECT_NE(p.logged().find("program: stopped"), std::string::npos) << p.logged();
}

TEST(app, can_stop_itself) {
  program p("stops_itself");
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
}

// -- phases

TEST(app, runs_its_phases_in_order_when_the_tree_is_up) {
  program p("has_phases");
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "first, with a root", "second", "end b (shutdown)",
                             "end a (shutdown)", "main returns"}));
  EXPECT_THAT(p.logged(), HasSubstr("program: started"));
}

const lines ended_after_first{"start a",          "start b",          "first, with a root",
                              "end b (shutdown)", "end a (shutdown)", "main returns"};

TEST(app, gives_1_and_the_phase_that_failed) {
  program p("fails_in_a_phase");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), ended_after_first);
  EXPECT_THAT(p.logged(), HasSubstr("program: start phase 'open' failed: no such file"));
  EXPECT_THAT(p.logged(), ::testing::Not(HasSubstr("program: started")));
}

TEST(app, gives_1_and_the_phase_that_threw) {
  program p("throws_in_a_phase");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), ended_after_first);
  EXPECT_THAT(p.logged(), HasSubstr("start phase 'open' failed: std::runtime_error: bad luck"));
}

TEST(app, takes_a_phase_that_ends_its_process_for_failed) {
  program p("exits_in_a_phase");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_THAT(p.logged(), HasSubstr("start phase 'leave' failed: normal"));
}

TEST(app, can_be_stopped_in_a_phase) {
  program p("waits_in_a_phase");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

// -- settings

lines settings_of(lines arguments, lines variables = {}) {
  arguments.insert(arguments.begin(), {"--mode", "tells_its_settings"});
  program p(std::move(arguments), std::move(variables));
  EXPECT_EQ(p.wait(), 0) << p.logged();
  lines said = p.said();
  EXPECT_EQ(said.size(), 9U);
  return said.size() == 9 ? lines(said.begin() + 2, said.begin() + 6) : said;
}

TEST(app, has_its_defaults) {
  EXPECT_EQ(settings_of({}), (lines{"port 8080", "share 0.500000", "db-file chat.db", "quiet"}));
}

TEST(app, is_set_by_its_command_line) {
  EXPECT_EQ(settings_of({"--port", "0", "--share=0.25", "--db-file=a b=c", "--loud"}),
            (lines{"port 0", "share 0.250000", "db-file a b=c", "loud"}));
}

TEST(app, is_set_by_environment_variables) {
  EXPECT_EQ(settings_of({}, {"PROGRAM_PORT=1", "PROGRAM_SHARE=1", "PROGRAM_DB_FILE=x", "PROGRAM_LOUD=yes"}),
            (lines{"port 1", "share 1.000000", "db-file x", "loud"}));
}

TEST(app, heeds_the_command_line_more_than_variables) {
  EXPECT_EQ(settings_of({"--port=2", "--loud=no"}, {"PROGRAM_PORT=no port", "PROGRAM_LOUD=yes"}),
            (lines{"port 2", "share 0.500000", "db-file chat.db", "quiet"}));
}

TEST(app, gives_2_and_names_what_is_no_value) {
  struct row {
    lines arguments;
    lines variables;
    std::string why;
  };
  for (const row& each :
       {row{{"--port", "99999"}, {}, "--port: '99999' is not a whole number from 0 to 65535"},
        row{{"--port=-1"}, {}, "--port: '-1' is not a whole number from 0 to 65535"},
        row{{"--share", "half"}, {}, "--share: 'half' is not a number"},
        row{{"--loud=maybe"}, {}, "--loud: 'maybe' is not true or false"},
        row{{}, {"PROGRAM_PORT=http"}, "PROGRAM_PORT: 'http' is not a whole number from 0 to 65535"},
        row{{"--mode=does_not_fit"}, {}, "default of --port: '8080' is not a whole number from 0 to 255"},
        row{{"--mode=refuses_a_value", "--db-file", "/x/y"},
            {},
            "--db-file: '/x/y': there is no such folder"},
        row{{"--prot", "80"}, {}, "--prot"}, row{{"--port"}, {}, "--port"}, row{{"waits"}, {}, "waits"}}) {
    program p(each.arguments, each.variables);
    EXPECT_EQ(p.wait(), 2) << each.why;
    EXPECT_EQ(p.said(), lines{"main returns"});
    EXPECT_THAT(p.logged(), HasSubstr("program: " + (each.arguments.empty() ? each.why : "")));
    EXPECT_THAT(p.logged(), HasSubstr(each.why));
    EXPECT_THAT(p.logged(), HasSubstr("Try 'program --help'."));
  }
}

TEST(app, gives_1_if_it_cannot_be_configured) {
  program p("cannot_be_configured");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_THAT(p.logged(), HasSubstr("program: no tree today"));
  program q("asks_for_what_is_not_there");
  EXPECT_EQ(q.wait(), 1);
  EXPECT_THAT(q.logged(), HasSubstr("there is no setting 'no-such-key'"));
}

TEST(app, tells_its_options) {
  program p(lines{"--help"});
  EXPECT_EQ(p.wait(), 0);
  std::string all;
  for (const std::string& line : p.said())
    all += line + "\n";
  EXPECT_THAT(all, HasSubstr("Tells what happens in it"));
  EXPECT_THAT(all, ContainsRegex("--port NUMBER.*8080"));
  EXPECT_THAT(all, HasSubstr("port to listen on (PROGRAM_PORT)"));
  EXPECT_THAT(all, ContainsRegex("--db-file TEXT.*chat.db"));
  EXPECT_EQ(p.logged(), "");
}

TEST(app, tells_its_version) {
  program p(lines{"--version"});
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"program 1.2.3", "main returns"}));
}

TEST(app, does_not_run_a_spec_that_makes_no_sense) {
  const auto none = [] { return app::children{}; };
  EXPECT_EQ(run(0, nullptr, {.name = "x"}), 1);
  EXPECT_EQ(run(0, nullptr, {.children = none}), 1);
  EXPECT_EQ(run(0, nullptr, {.name = "x", .settings = {{"Port", 1, ""}}, .children = none}), 1);
  EXPECT_EQ(run(0, nullptr, {.name = "x", .settings = {{"a", 1, ""}, {"a", 2, ""}}, .children = none}), 1);
}

TEST(app, has_no_settings_and_no_root_while_none_runs) {
  EXPECT_THROW(env<int>("port"), std::logic_error);
  EXPECT_FALSE(root());
  stop();
}

} // namespace
} // namespace perron::app
