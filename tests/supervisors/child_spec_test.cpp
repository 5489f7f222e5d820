// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;

child_spec good(std::string id = "a") {
  return child(std::move(id), [] {});
}

std::string verdict_on(std::vector<child_spec> specs, const supervisor_options& options = {}) {
  const runtime::result<void> said = check(options, specs);
  return said ? "ok" : said.error().text;
}

TEST(child_spec_defaults, are_those_of_otp_5_1) {
  const child_spec spec = good();
  EXPECT_EQ(spec.restart, permanent);
  EXPECT_EQ(spec.type, child_type::worker);
  EXPECT_FALSE(spec.significant);
  EXPECT_EQ(spec.shutdown.resolved(child_type::worker), shutdown_rule(5s));
  EXPECT_EQ(spec.shutdown.resolved(child_type::supervisor), infinity);
  EXPECT_EQ(shutdown_rule(1s).resolved(child_type::supervisor), shutdown_rule(1s));
  const supervisor_options options;
  EXPECT_EQ(options.strategy, one_for_one);
  EXPECT_EQ(options.intensity, 1U);
  EXPECT_EQ(options.period, 5s);
  EXPECT_EQ(options.auto_shutdown, auto_shutdown_type::never);
}

TEST(child_spec_check, takes_what_is_right) {
  EXPECT_EQ(verdict_on({}), "ok");
  EXPECT_EQ(verdict_on({good("a"), good("b")}), "ok");
  EXPECT_EQ(verdict_on({child({.id = "c", .restart = temporary, .shutdown = brutal_kill}, [] {})}), "ok");
}

TEST(child_spec_check, missing_id) { EXPECT_EQ(verdict_on({good("")}), "missing_id: a child has no id"); }

TEST(child_spec_check, missing_start) {
  EXPECT_EQ(verdict_on({child_spec{.id = "a"}}), "child 'a': missing_start: it has no start function");
}

TEST(child_spec_check, duplicate_child_name) {
  EXPECT_EQ(verdict_on({good("a"), good("b"), good("a")}),
            "duplicate_child_name: two children have the id 'a'");
}

TEST(child_spec_check, invalid_shutdown) {
  child_spec spec = good();
  spec.shutdown = -1ms;
  EXPECT_EQ(verdict_on({spec}), "child 'a': invalid_shutdown: the time is negative");
  spec.shutdown = 0ms;
  EXPECT_EQ(verdict_on({spec}), "ok");
}

TEST(child_spec_check, invalid_period) {
  EXPECT_EQ(verdict_on({}, {.period = 0s}), "invalid_period: it must be one second or more");
}

TEST(child_spec_check, significant_must_mean_something) {
  child_spec spec = good();
  spec.significant = true;
  const supervisor_options any{.auto_shutdown = auto_shutdown_type::any_significant};
  EXPECT_EQ(verdict_on({spec}, any),
            "child 'a': bad_combination: significant with restart permanent, which would never end anything");
  spec.restart = transient;
  EXPECT_EQ(verdict_on({spec}, any), "ok");
  EXPECT_EQ(verdict_on({spec}),
            "child 'a': bad_combination: significant under a supervisor with auto_shutdown never");
}

} // namespace
} // namespace perron::supervisors
