// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/supervisor.hpp>

#include "supervisors/supervisor_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/runtime/message.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace perron::supervisors {
namespace {

using namespace std::chrono_literals;
using runtime::exit_reason;
using runtime::pid;
using runtime::result;
using testing::reason_of;
namespace bad = testing::bad;

class supervisor_stop_test : public supervisor_fixture {};

TEST_F(supervisor_stop_test, a_child_that_ignores_shutdown_is_killed_after_its_time) {
  run([&] {
    const pid sup = started(
        options(),
        {child({.id = "a", .shutdown = 1ms, .spawn = {.trap_exit = true}}, bad::trap_exits{}), noted("b")});
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"start b", "end b (shutdown)", "shutdown_error a (killed)"}));
  });
}

TEST_F(supervisor_stop_test, a_child_with_infinity_may_take_its_time) {
  run([&] {
    const pid me = runtime::self();
    struct ask {};
    struct go {};
    const pid sup =
        started(options(), {child({.id = "a", .shutdown = infinity, .spawn = {.trap_exit = true}}, [me] {
                  runtime::receive_one<runtime::exited>();
                  runtime::send(me, ask{});
                  runtime::receive_one<go>();
                  runtime::exit(exit_reason::shutdown());
                })});
    const pid a = who(sup, "a");
    const runtime::monitor_ref ref = runtime::monitor(sup);
    runtime::exit(sup, exit_reason::shutdown());
    runtime::receive_one<ask>();
    EXPECT_TRUE(runtime::alive(sup));
    runtime::send(a, go{});
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), lines{});
  });
}

TEST_F(supervisor_stop_test, brutal_kill_does_not_ask) {
  run([&] {
    child_spec a = noted("a");
    a.shutdown = brutal_kill;
    const pid sup = started(options(), {a});
    stop(sup);
    EXPECT_EQ(notes->take(), (lines{"start a"})); // and no last words
  });
}

TEST_F(supervisor_stop_test, a_child_that_unlinked_itself_is_still_waited_for) {
  run([&] {
    const pid me = runtime::self();
    const pid sup =
        started(options(), {child({.id = "a", .shutdown = 1ms, .spawn = {.trap_exit = true}}, [me] {
                  const pid parent = runtime::detail::current().ancestors[0];
                  runtime::unlink(parent);
                  greeter("a", me)();
                })});
    const pid a = runtime::receive_one<hello>().who;
    EXPECT_EQ(stop(sup), exit_reason::shutdown());
    EXPECT_FALSE(runtime::alive(a));
    EXPECT_EQ(notes->take(), (lines{"shutdown_error a (killed)"}));
  });
}

TEST_F(supervisor_stop_test, a_child_that_dies_while_it_is_told_to_stop_is_reported_with_its_own_reason) {
  run([&] {
    const pid sup = started(options(), {child({.id = "a", .spawn = {.trap_exit = true}}, [] {
                              runtime::receive_one<runtime::exited>();
                              throw std::runtime_error("while stopping");
                            })});
    stop(sup);
    EXPECT_EQ(notes->take(), (lines{"shutdown_error a (std::runtime_error: while stopping)"}));
  });
}

TEST_F(supervisor_stop_test, a_child_that_died_before_its_end_was_noticed_is_reported_with_its_own_reason) {
  run([&] {
    const pid me = runtime::self();
    struct may_stop {};
    // b keeps the supervisor busy while a dies, so that a's exit signal waits in its mailbox
    const pid sup = started(
        options(), {child("a", greeter("a", me)), child({.id = "b", .spawn = {.trap_exit = true}}, [me] {
                      runtime::receive_one<runtime::exited>();
                      runtime::send(me, may_stop{});
                      runtime::receive_one<may_stop>();
                      runtime::exit(exit_reason::shutdown());
                    })});
    const pid a = runtime::receive_one<hello>().who;
    const pid b = who(sup, "b");
    const runtime::monitor_ref ref = runtime::monitor(sup);
    runtime::exit(sup, exit_reason::shutdown());
    runtime::receive_one<may_stop>();
    const runtime::monitor_ref a_ends = runtime::monitor(a);
    runtime::exit(a, exit_reason::custom("on its own"));
    reason_of(a_ends);
    runtime::send(b, may_stop{});
    EXPECT_EQ(reason_of(ref), exit_reason::shutdown());
    EXPECT_EQ(notes->take(), (lines{"shutdown_error a (on its own)"}));
  });
}

TEST_F(supervisor_stop_test, it_ends_with_its_parent) {
  for (const exit_reason& why :
       {exit_reason::normal(), exit_reason::shutdown("enough"), exit_reason::killed()})
    run([&] {
      const pid me = runtime::self();
      const pid parent = runtime::spawn({.trap_exit = true}, [&, me] {
        runtime::send(me, started({}, {noted("a")}));
        runtime::receive_one<exit_reason>();
        runtime::exit(why);
      });
      const pid sup = runtime::receive_one<pid>();
      const runtime::monitor_ref ref = runtime::monitor(sup);
      runtime::send(parent, exit_reason());
      EXPECT_EQ(reason_of(ref), why);
      EXPECT_EQ(notes->take(), (lines{"start a", "end a (shutdown)"}));
    });
}

TEST_F(supervisor_stop_test, strangers_cannot_stop_it_but_by_kill) {
  run([&] {
    const pid sup = started({}, {noted("a")});
    const pid a = who(sup, "a");
    reason_of(runtime::spawn_monitor([sup] { runtime::exit(sup, exit_reason::shutdown()); }).ref);
    EXPECT_EQ(who(sup, "a"), a);
    const runtime::monitor_ref sup_ends = runtime::monitor(sup);
    const runtime::monitor_ref a_ends = runtime::monitor(a);
    reason_of(runtime::spawn_monitor([sup] { runtime::exit(sup, exit_reason::kill()); }).ref);
    EXPECT_EQ(reason_of(sup_ends), exit_reason::killed());
    EXPECT_EQ(reason_of(a_ends), exit_reason::killed());
  });
}

TEST_F(supervisor_stop_test, it_can_be_killed_while_it_starts_or_stops_a_child) {
  run([&] {
    const pid me = runtime::self();
    child_spec slow;
    slow.id = "slow";
    slow.start = [me]() -> result<pid> {
      runtime::send(me, hello{"slow", runtime::self()});
      bad::hang{}();
      return pid();
    };
    const pid caller = runtime::spawn([&] { start_supervisor({}, {noted("a"), slow}).value_or(pid()); });
    const pid starting = runtime::receive_one<hello>().who;
    const runtime::monitor_ref first = runtime::monitor(starting);
    runtime::exit(starting, exit_reason::kill());
    EXPECT_EQ(reason_of(first), exit_reason::killed());
    testing::yield_until([&] { return !runtime::alive(caller); });

    const pid sup = started({}, {child({.id = "a", .shutdown = infinity, .spawn = {.trap_exit = true}}, [me] {
                              runtime::receive_one<runtime::exited>();
                              greeter("a", me)();
                            })});
    const runtime::monitor_ref second = runtime::monitor(sup);
    runtime::exit(sup, exit_reason::shutdown());
    const pid stubborn = runtime::receive_one<hello>().who;
    runtime::exit(sup, exit_reason::kill());
    EXPECT_EQ(reason_of(second), exit_reason::killed());
    runtime::exit(stubborn, exit_reason::kill());
  });
}

TEST_F(supervisor_stop_test, the_node_can_stop_it) {
  run([&] {
    runtime::spawn([&] {
      started({}, {supervisor_child("inner", {}, {noted("a")}), noted("b")});
      bad::hang{}();
    });
    testing::yield_until(
        [&, seen = 0]() mutable { return (seen += static_cast<int>(notes->take().size())) == 2; });
  });
  node_fixture::stop();
}

TEST_F(supervisor_stop_test, unexpected_messages_are_ignored) {
  run([&] {
    const pid sup = started({}, {});
    struct surprise {};
    runtime::send(sup, surprise{});
    runtime::send(sup, std::string("what?"));
    EXPECT_EQ(count_children(sup).value(), child_counts{});
    stop(sup);
  });
}

} // namespace
} // namespace perron::supervisors
