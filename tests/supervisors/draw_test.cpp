// SPDX-License-Identifier: BSD-3-Clause
#include "supervisors/supervisor_fixture.hpp"

#include <perron/runtime/receive.hpp>
#include <perron/supervisors/draw.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using state = child_info::state_type;

/// A picture with its pids replaced by letters, in the order in which they appear.
std::string masked(const std::string& picture) {
  std::string out = "\n";
  std::map<std::string, char> letters;
  for (std::size_t at = 0; at < picture.size();) {
    const std::size_t end = picture.find('>', at);
    if (picture[at] != '<' || end == std::string::npos) {
      out += picture[at++];
      continue;
    }
    const std::string number = picture.substr(at, end - at);
    const auto letter = letters.emplace(number, static_cast<char>('a' + letters.size())).first;
    out += std::string("<") + letter->second + ">";
    at = end + 1;
  }
  return out;
}

class draw_test : public supervisor_fixture {
protected:
  static child_spec idle(std::string id, restart_type restart = permanent) {
    return child({.id = std::move(id), .restart = restart}, wait_for_ever);
  }
  static child_spec named(std::string id, std::string name) {
    child_spec spec;
    spec.id = std::move(id);
    spec.spawn.name = std::move(name);
    return child(std::move(spec), wait_for_ever);
  }
  /// The picture of a tree in which all answer.
  static std::string drawn(runtime::pid top, draw_options how = {}) {
    how.patience = std::chrono::duration_cast<std::chrono::milliseconds>(testing::patience);
    return masked(draw(top, how));
  }
  static runtime::pid started_dynamic() {
    dynamic_options quiet;
    quiet.intensity = 5;
    quiet.reports = [](const report&) {};
    return start_dynamic_supervisor(quiet).value();
  }
  static void wait_for_ever() {
    struct never {};
    runtime::receive_one<never>();
  }
};

TEST_F(draw_test, shows_the_tree_in_the_order_of_its_start) {
  run([&] {
    const runtime::pid top = started(
        options({.name = "top", .strategy = rest_for_one}),
        {named("a", "first"),
         supervisor_child("inner", options({.strategy = one_for_all}), {idle("x"), idle("y", transient)}),
         supervisor_child("none", options(), {}), idle("z", temporary)});
    EXPECT_EQ(drawn(top), R"(
<a> "top" supervisor rest_for_one
├── a <b> "first" worker permanent
├── inner <c> supervisor one_for_all permanent
│   ├── x <d> worker permanent
│   └── y <e> worker transient
├── none <f> supervisor one_for_one permanent
└── z <g> worker temporary
)");
    stop(top);
  });
}

TEST_F(draw_test, shows_children_that_do_not_run) {
  run([&] {
    const runtime::pid top =
        started(options(), {idle("a"), supervisor_child("b", options(), {idle("x")}), idle("c")});
    EXPECT_TRUE(terminate_child(top, "a"));
    EXPECT_TRUE(terminate_child(top, "b"));
    EXPECT_EQ(drawn(top), R"(
<a> supervisor one_for_one
├── a worker permanent (stopped)
├── b supervisor permanent (stopped)
└── c <b> worker permanent
)");
    stop(top);
  });
}

TEST_F(draw_test, shows_children_that_wait_to_be_started_again) {
  run([&] {
    child_spec slow;
    slow.id = "slow";
    slow.back_off = {.initial = 1h, .ceiling = 1h};
    const runtime::pid top = started(options({.intensity = 5}), {supervisor_child(slow, options(), {})});
    const runtime::pid many = started_dynamic();
    slow.id = "";
    const runtime::pid one = start_child(many, supervisor_child(slow, options(), {})).who;
    for (const runtime::pid each : {who(top, "slow"), one})
      runtime::exit(each, runtime::exit_reason::kill());
    for (const runtime::pid each : {top, many})
      testing::yield_until([&] { return which_children(each).value().front().state != state::running; });
    EXPECT_EQ(drawn(top), R"(
<a> supervisor one_for_one
└── slow supervisor permanent (restarting)
)");
    EXPECT_EQ(drawn(many), R"(
<a> supervisor dynamic
└── supervisor (restarting)
)");
    stop(top);
    stop(many);
  });
}

TEST_F(draw_test, counts_what_does_not_fit) {
  run([&] {
    const runtime::pid top =
        started(options(), {idle("a"), dynamic_supervisor_child("many"), idle("c"), idle("d")});
    const runtime::pid many = who(top, "many");
    for (int i = 0; i < 1005; ++i)
      EXPECT_TRUE(start_child(many, idle("", temporary)));
    EXPECT_EQ(drawn(top, {.children = 2}), R"(
<a> supervisor one_for_one
├── a <b> worker permanent
├── many <c> supervisor dynamic permanent
│   ├── <d> worker temporary
│   ├── <e> worker temporary
│   └── … 1,003 more
└── … 2 more
)");
    EXPECT_EQ(drawn(top, {.depth = 1, .children = 2}), R"(
<a> supervisor one_for_one
├── a <b> worker permanent
├── many <c> supervisor dynamic permanent
│   └── … 1,005 more
└── … 2 more
)");
    EXPECT_EQ(drawn(top, {.depth = 0}), R"(
<a> supervisor one_for_one
└── … 4 more
)");
    stop(top);
  });
}

TEST_F(draw_test, shows_the_children_of_simple_one_for_one) {
  run([&] {
    const runtime::pid top = started(options({.strategy = simple_one_for_one}), {idle("one", temporary)});
    EXPECT_TRUE(start_child(top, arguments{}));
    EXPECT_EQ(drawn(top), R"(
<a> supervisor simple_one_for_one
└── <b> worker temporary
)");
    stop(top);
  });
}

TEST_F(draw_test, says_who_does_not_answer_and_goes_on) {
  run([&] {
    child_spec deaf = idle("deaf");
    deaf.type = child_type::supervisor;
    const runtime::pid top = started(options(), {deaf, supervisor_child("well", options(), {idle("x")})});
    EXPECT_EQ(masked(draw(top, {.patience = 1s})), R"(
<a> supervisor one_for_one
├── deaf <b> supervisor permanent (does not answer)
└── well <c> supervisor one_for_one permanent
    └── x <d> worker permanent
)");
    stop(top);
  });
}

TEST_F(draw_test, can_be_called_by_a_child_for_which_its_supervisor_waits) {
  run([&] {
    struct picture {
      std::string text;
    };
    child_spec curious;
    curious.id = "curious";
    curious.start = [to = runtime::self(), parent = std::string("top")]() -> runtime::result<runtime::pid> {
      runtime::send(to, picture{draw(runtime::whereis(parent), {.patience = 50ms})});
      return runtime::spawn_link(wait_for_ever);
    };
    const runtime::pid top = started(options({.name = "top"}), {curious});
    EXPECT_EQ(masked(runtime::receive_one<picture>().text), R"(
<a> supervisor (does not answer)
)");
    stop(top);
  });
}

TEST_F(draw_test, shows_a_supervisor_that_has_ended) {
  run([&] {
    const runtime::pid top = started(options(), {});
    stop(top);
    EXPECT_EQ(drawn(top), R"(
<a> supervisor (stopped)
)");
  });
}

} // namespace
} // namespace perron::supervisors
