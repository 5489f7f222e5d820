// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/message.hpp>

#include <chrono>
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

class simple_one_for_one_test : public supervisor_fixture {
protected:
  pid rooms(child_spec one, supervisor_options how = {}) const {
    how.strategy = simple_one_for_one;
    std::vector<child_spec> specs;
    specs.push_back(std::move(one));
    return started(options(std::move(how)), std::move(specs));
  }
};

TEST_F(simple_one_for_one_test, children_get_the_arguments_they_were_started_with) {
  run([&] {
    const pid sup = rooms(server_child_of<noted_server, std::string, diary_ptr>("room"));
    const answer lobby = start_child(sup, with("lobby", notes));
    ASSERT_TRUE(lobby) << lobby.why;
    EXPECT_TRUE(start_child(sup, with("attic", notes)));
    EXPECT_EQ(notes->take(), (lines{"start lobby", "start attic"}));
    const runtime::monitor_ref ends = runtime::monitor(lobby.who);
    runtime::cast(lobby.who, noted_server::crash{});
    reason_of(ends);
    EXPECT_EQ(count_children(sup).value(), (child_counts{1, 2, 0, 2}));
    EXPECT_EQ(notes->take(),
              (lines{"end lobby (std::runtime_error: as ordered)",
                     "child_terminated room (std::runtime_error: as ordered)", "start lobby"}));
    stop(sup);
  });
}

TEST_F(simple_one_for_one_test, functions_take_arguments_too) {
  run([&] {
    const pid me = runtime::self();
    const pid sup = rooms(
        child_of<int, std::string>({.id = "f", .restart = temporary}, [me](int n, const std::string& text) {
          runtime::send(me, text + std::to_string(n));
        }));
    EXPECT_TRUE(start_child(sup, with(7, "seven ")));
    EXPECT_EQ(runtime::receive_one<std::string>(), "seven 7");
    stop(sup);
  });
}

TEST_F(simple_one_for_one_test, arguments_of_other_types_are_a_failed_start_that_says_so) {
  run([&] {
    const pid sup = rooms(child_of<int, std::string>("f", [](int, const std::string&) {}));
    const answer wrong = start_child(sup, with("seven", 7));
    EXPECT_EQ(wrong.what, kind::start_failed);
    EXPECT_NE(wrong.why.find("bad_argument"), std::string::npos) << wrong.why;
    EXPECT_NE(wrong.why.find("int"), std::string::npos) << wrong.why;
    EXPECT_EQ(start_child(sup, with()).what, kind::start_failed);
    EXPECT_EQ(start_child(sup, noted("a")).what, kind::bad_spec);
    stop(sup);
    const pid plain = rooms(child({.id = "none", .restart = temporary}, [] {}));
    EXPECT_EQ(start_child(plain, with(1)).why, "bad_argument: the child takes no arguments");
    EXPECT_TRUE(start_child(plain, with()));
    stop(plain);
  });
}

TEST_F(simple_one_for_one_test, there_is_just_one_template) {
  run([&] {
    EXPECT_EQ(start_supervisor({.strategy = simple_one_for_one}, {}).error().text,
              "bad_start_spec: a simple_one_for_one supervisor has just one template, not 0");
    EXPECT_FALSE(start_supervisor({.strategy = simple_one_for_one}, {noted("a"), noted("b")}));
  });
}

TEST_F(simple_one_for_one_test, all_children_are_ended_within_one_shutdown_time) {
  run([&] {
    // they ignore the order, and each would take the whole time if they were ended one by one
    const pid sup =
        rooms(child({.id = "deaf", .shutdown = 1ms, .spawn = {.trap_exit = true}}, bad::trap_exits{}));
    const std::size_t many = testing::scaled(100'000, 2'000);
    std::vector<pid> all;
    for (std::size_t i = 0; i < many; ++i)
      all.push_back(start_child(sup, with()).who);
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    for (const pid each : all)
      EXPECT_FALSE(runtime::alive(each));
    EXPECT_EQ(notes->take(), lines{"shutdown_error deaf (killed)"});
  });
}

TEST_F(simple_one_for_one_test, a_child_that_unlinked_itself_is_still_waited_for) {
  run([&] {
    const pid sup = rooms(child({.id = "a", .spawn = {.trap_exit = true}}, [] {
      runtime::unlink(runtime::detail::current().ancestors[0]);
      runtime::receive_one<runtime::exited>();
      runtime::exit(exit_reason::custom("in my own time"));
    }));
    start_child(sup, with());
    testing::yield_until([&] { return count_children(sup).value().active == 1; });
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), lines{"shutdown_error a (in my own time)"});
  });
}

TEST_F(simple_one_for_one_test, calls_by_pid_and_id) {
  run([&] {
    const pid sup = rooms(child_of<int>("f", [](int) { bad::hang{}(); }));
    const pid a = start_child(sup, with(1)).who;
    EXPECT_EQ(terminate_child(sup, "f"), answer{kind::simple_one_for_one});
    EXPECT_EQ(restart_child(sup, "f"), answer{kind::simple_one_for_one});
    EXPECT_EQ(delete_child(sup, "f"), answer{kind::simple_one_for_one});
    EXPECT_EQ(get_child_spec(sup, a).value().id, "f");
    EXPECT_EQ(terminate_child(sup, runtime::self()), answer{kind::not_found});
    EXPECT_EQ(terminate_child(sup, a), answer{kind::ok});
    EXPECT_FALSE(runtime::alive(a));
    EXPECT_EQ(terminate_child(sup, a), answer{kind::ok}); // it is dead
    EXPECT_EQ(which_children(sup).value(), std::vector<child_info>{});
    EXPECT_EQ(facts_of(sup, 5s).value().kind, "simple_one_for_one");
    stop(sup);
  });
}

} // namespace
} // namespace perron::supervisors
