// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/message.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using kind = answer::kind;
using runtime::exit_reason;
using runtime::pid;
namespace bad = testing::bad;

class supervisor_calls_test : public supervisor_fixture {};

TEST_F(supervisor_calls_test, children_come_and_go_by_calls) {
  run([&] {
    const pid sup = started(options(), {noted("a")});
    const answer b = start_child(sup, noted("b", transient));
    EXPECT_TRUE(b);
    EXPECT_EQ(start_child(sup, noted("b")), (answer{kind::already_started, b.who}));
    EXPECT_EQ(start_child(sup, noted("")).what, kind::bad_spec);
    EXPECT_EQ(restart_child(sup, "b"), (answer{kind::running, b.who}));
    EXPECT_EQ(delete_child(sup, "b"), (answer{kind::running, b.who}));
    EXPECT_EQ(terminate_child(sup, "b"), answer{kind::ok});
    EXPECT_EQ(terminate_child(sup, "b"), answer{kind::ok});
    EXPECT_EQ(start_child(sup, noted("b")), answer{kind::already_present});
    const answer again = restart_child(sup, "b");
    EXPECT_EQ(again.what, kind::ok);
    EXPECT_NE(again.who, b.who);
    EXPECT_EQ(get_child_spec(sup, "b").value().restart, transient);
    EXPECT_EQ(get_child_spec(sup, "c").error().text, "not_found");
    EXPECT_EQ(terminate_child(sup, "c"), answer{kind::not_found});
    EXPECT_EQ(terminate_child(sup, "b"), answer{kind::ok});
    EXPECT_EQ(delete_child(sup, "b"), answer{kind::ok});
    EXPECT_EQ(delete_child(sup, "b"), answer{kind::not_found});
    const answer broken = start_child(sup, child({.id = "c", .spawn = {.name = "x"}}, bad::hang{}));
    EXPECT_TRUE(broken);
    EXPECT_EQ(start_child(sup, child({.id = "d", .spawn = {.name = "x"}}, bad::hang{})).what,
              kind::start_failed);
    stop(sup);
    EXPECT_EQ(start_child(sup, noted("b")), (answer{kind::unreachable, {}, "noproc"}));
    EXPECT_EQ(which_children(sup).error().text, "noproc");
  });
}

TEST_F(supervisor_calls_test, a_temporary_child_that_ends_frees_its_id) {
  run([&] {
    const pid sup = started(options(), {});
    const pid me = runtime::self();
    const auto spec = [&] { return child({.id = "room", .restart = temporary}, greeter("room", me)); };
    const pid first = start_child(sup, spec()).who;
    EXPECT_EQ(runtime::receive_one<hello>().who, first);
    runtime::exit(first, exit_reason::custom("crash"));
    testing::yield_until([&] { return count_children(sup).value().specs == 0; });
    EXPECT_TRUE(start_child(sup, spec()));
    EXPECT_EQ(notes->take(), (lines{"child_terminated room (crash)"}));
    stop(sup);
  });
}

TEST_F(supervisor_calls_test, a_child_cannot_make_its_supervisor_wait_for_itself) {
  run([&] {
    const pid sup = started(options(), {child({.id = "a", .shutdown = 1ms, .spawn = {.trap_exit = true}}, [] {
                              const pid parent = runtime::detail::current().ancestors[0];
                              terminate_child(parent, "a");
                              ADD_FAILURE() << "it outlived its own end";
                            })});
    testing::yield_until([&] { return count_children(sup).value().active == 0; });
    EXPECT_EQ(notes->take(), (lines{"shutdown_error a (killed)"}));
    stop(sup);
  });
}

TEST_F(supervisor_calls_test, thousands_of_children) {
  run([&] {
    const std::size_t many = testing::scaled(5'000, 500);
    const pid sup = started({.intensity = 1'000'000, .reports = [](const report&) {}}, {});
    std::vector<pid> rooms;
    for (std::size_t i = 0; i < many; ++i)
      rooms.push_back(start_child(sup, child("room " + std::to_string(i), bad::hang{})).who);
    EXPECT_EQ(count_children(sup).value().active, many);
    for (std::size_t i = 0; i < many; i += 2)
      runtime::exit(rooms[i], exit_reason::custom("crash"));
    for (std::size_t i = 1; i < many; i += 4)
      EXPECT_TRUE(terminate_child(sup, "room " + std::to_string(i)));
    testing::yield_until([&] { return count_children(sup).value().active == many - many / 4; });
    EXPECT_EQ(count_children(sup).value().specs, many);
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    for (const pid room : rooms)
      EXPECT_FALSE(runtime::alive(room));
  });
}

} // namespace
} // namespace perron::supervisors
