// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/server.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <stdexcept>
#include <string>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct get {
  using reply = int;
};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

struct idle_server {
  using calls = protocol<get>;
  int handle_call(get) { return 1; }
};
struct nothing_to_do {
  nothing_to_do() { throw ignore_start{}; }
};
struct declining {
  explicit declining(exit_reason why) { throw stop_server{std::move(why)}; }
};
struct stuck {
  explicit stuck(pid told = {}) {
    send(told, self());
    bad::hang{}();
  }
};
struct throws_a_number {
  throws_a_number() { throw 7; }
};
struct told_when_it_is_gone {
  pid witness;
  explicit told_when_it_is_gone(pid who) : witness(who) { throw std::runtime_error("half made"); }
};

class server_start : public node_fixture {};

// OTP gen_server: init gives ignore, start gives ignore
TEST_F(server_start, that_is_ignored_gives_no_pid_and_no_error) {
  run([] {
    const auto got = start_server<nothing_to_do>({.name = "nothing"});
    ASSERT_TRUE(got);
    EXPECT_FALSE(*got);
    EXPECT_EQ(whereis("nothing"), pid());
    expect_no_mail();
  });
}

TEST_F(server_start, that_is_ignored_leaves_its_starter_alone_though_linked) {
  run({.trap_exit = true}, [] {
    EXPECT_EQ(start_server<nothing_to_do>({.link = true}).value(), pid());
    yield();
    expect_no_mail();
  });
}

// OTP gen_server: init gives {stop, Reason}, start gives {error, Reason}
TEST_F(server_start, that_is_stopped_fails_with_the_reason) {
  run({.trap_exit = true}, [] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(start_server<declining>({.name = "x"}, exit_reason::custom("no table")).error().text,
                "no table");
      EXPECT_EQ(start_server<declining>({.name = "x", .link = true}, exit_reason::shutdown()).error().text,
                "shutdown");
      EXPECT_EQ(whereis("x"), pid());
    }
    expect_no_mail();
  });
}

TEST_F(server_start, fails_with_whatever_is_thrown) {
  run([] {
    EXPECT_FALSE(start_server<throws_a_number>({}));
    EXPECT_EQ(start_server<told_when_it_is_gone>({}, self()).error().text, "std::runtime_error: half made");
    expect_no_mail();
  });
}

// OTP: {error, {already_started, Pid}}
TEST_F(server_start, fails_if_the_name_is_taken) {
  run([] {
    const pid first = start_server<idle_server>({.name = "only one"}).value();
    const auto second = start_server<idle_server>({.name = "only one", .link = true});
    EXPECT_EQ(second.error().code, EEXIST);
    EXPECT_EQ(second.error().text, "already started: " + to_string(first));
    EXPECT_EQ(call(first, get{}).value(), 1);
    expect_no_mail();
  });
}

// OTP proc_lib: a start timeout kills the child
TEST_F(server_start, that_takes_too_long_is_killed_and_its_name_is_free) {
  run({.trap_exit = true}, [] {
    const auto got = start_server<stuck>(
        start_options{.spawn = {.name = "slow", .link = true, .trap_exit = true}, .start_timeout = 2ms},
        self());
    EXPECT_EQ(got.error().code, ETIMEDOUT);
    const auto child = receive_one<pid>();
    EXPECT_FALSE(alive(child));
    EXPECT_EQ(whereis("slow"), pid());
    yield();
    expect_no_mail();
  });
}

TEST_F(server_start, in_time_is_as_without_a_limit) {
  run([] {
    const pid s =
        start_server<idle_server>(start_options{.spawn = {.name = "s"}, .start_timeout = 60s}).value();
    EXPECT_EQ(whereis("s"), s);
    EXPECT_EQ(call(s, get{}).value(), 1);
  });
}

TEST_F(server_start, that_is_killed_from_outside_is_an_error) {
  run([] {
    const pid assassin = spawn_link([] { exit(receive_one<pid>(), exit_reason::kill()); });
    EXPECT_EQ(start_server<stuck>({}, assassin).error().text, "killed");
    expect_no_mail();
  });
}

TEST_F(server_start, leaves_no_child_when_the_starter_is_killed_meanwhile) {
  run([] {
    const pid root = self();
    const monitored starter =
        spawn_monitor([root] { EXPECT_FALSE(start_server<stuck>({.link = true}, root).has_value()); });
    const auto child = receive_one<pid>();
    const monitor_ref ref = monitor(child);
    exit(starter.who, exit_reason::kill());
    EXPECT_EQ(reason_of(starter.ref), exit_reason::killed());
    EXPECT_EQ(reason_of(ref), exit_reason::killed());
  });
}

} // namespace
} // namespace perron::runtime
