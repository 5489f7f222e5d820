// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/task.hpp>

#include <perron/runtime/server.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}
/// Work that never ends by itself.
int hang() {
  bad::hang{}();
  return 0;
}
/// Work that ends when it is sent a go.
auto waiting_for_go(int value) {
  return [value] {
    receive_one<go>();
    return value;
  };
}
/// Ends when the process with this reference does.
exit_reason end_of(pid who) { return reason_of(monitor(who)); }

class task_handle : public node_fixture {};

TEST_F(task_handle, gives_the_value) {
  run([] {
    auto number = async([] { return 42; });
    auto text = async({.name = "worker"}, [] { return whereis("worker") == self() ? "named" : "not"; });
    EXPECT_TRUE(number);
    EXPECT_EQ(number.await().value(), 42);
    EXPECT_FALSE(number);
    EXPECT_STREQ(text.await().value(), "named");
    expect_no_mail();
  });
}

TEST_F(task_handle, gives_values_that_can_only_be_moved_and_none_at_all) {
  run([] {
    auto held = async([p = std::make_unique<int>(7)]() mutable { return std::move(p); });
    EXPECT_EQ(*held.await().value(), 7);
    auto nothing = async([parent = self()] { send(parent, go{}); });
    EXPECT_TRUE(nothing.await().has_value());
    receive_one<go>();
  });
}

TEST_F(task_handle, leaves_no_message_behind_even_for_an_owner_that_traps_exits) {
  run({.trap_exit = true}, [] {
    for (int i = 0; i < 50; ++i) {
      auto t = async([i] { return i; });
      const pid who = t.who();
      EXPECT_EQ(t.await().value(), i);
      end_of(who);
    }
    expect_no_mail();
  });
}

// Elixir Task.async: linked
TEST_F(task_handle, that_throws_ends_its_owner) {
  run([] {
    const exit_reason why = reason_of_running([] {
      auto t = async([]() -> int { throw std::runtime_error("no luck"); });
      static_cast<void>(t.await(no_timeout).has_value());
      ADD_FAILURE() << "it goes on";
    });
    EXPECT_EQ(why.text(), "no luck");
  });
}

TEST_F(task_handle, that_throws_is_an_error_for_an_owner_that_traps_exits) {
  run({.trap_exit = true}, [] {
    auto t = async([]() -> int { throw std::runtime_error("no luck"); });
    const auto got = t.await();
    EXPECT_EQ(got.error().text, "std::runtime_error: no luck");
    EXPECT_EQ(got.error().code, ESRCH);
    EXPECT_EQ(receive_one<exited>().from, t.who());
  });
}

// Elixir Task.Supervisor.async_nolink
TEST_F(task_handle, without_a_link_that_fails_is_an_error_and_nothing_else) {
  run([] {
    EXPECT_EQ(async_nolink([]() -> int { throw std::runtime_error("no luck"); }).await().error().text,
              "std::runtime_error: no luck");
    EXPECT_EQ(async_nolink([]() -> int { exit(exit_reason::custom("left")); }).await().error().text, "left");
    EXPECT_EQ(async_nolink([]() -> int { exit(exit_reason::normal()); }).await().error().text, "normal")
        << "an end without a value";
    auto killed = async_nolink(hang);
    exit(killed.who(), exit_reason::kill());
    EXPECT_EQ(killed.await().error().text, "killed");
    EXPECT_EQ(async_nolink({.name = "n"}, [] { return 1; }).await().value(), 1);
    expect_no_mail();
  });
}

class task_handle_on_one_worker : public one_worker_fixture {};

TEST_F(task_handle_on_one_worker, of_a_task_whose_stack_is_abandoned_is_an_error) {
  run([] {
    expect_leaks_on_this_thread();
    auto terminated = async_nolink([] { bad::throw_in_destructor{}(); });
    EXPECT_EQ(terminated.await().error().code, ESRCH);
    expect_no_mail();
  });
}

TEST_F(task_handle, that_is_not_done_in_time_is_ended) {
  run([] {
    auto t = async(hang);
    EXPECT_EQ(t.await(1ms).error().code, ETIMEDOUT);
    EXPECT_FALSE(t);
    end_of(t.who());
    expect_no_mail();
  });
}

TEST_F(task_handle, can_be_asked_again_and_again_until_it_is_done) {
  run([] {
    auto t = async(waiting_for_go(3));
    EXPECT_FALSE(t.yield(0s));
    EXPECT_FALSE(t.yield(1ms));
    send(t.who(), go{});
    EXPECT_EQ(t.yield(no_timeout).value().value(), 3);
    EXPECT_EQ(t.yield(0s).value().error().code, EINVAL) << "a value is taken once";
    EXPECT_EQ(t.await().error().code, EINVAL);
    EXPECT_FALSE(t.shutdown());
  });
}

TEST_F(task_handle, is_of_no_use_to_another_process) {
  run([] {
    auto t = async(waiting_for_go(3));
    EXPECT_EQ(reason_of_running([&t] { EXPECT_FALSE(t.yield(0s)); }), exit_reason::normal());
    send(t.who(), go{});
    EXPECT_EQ(t.await().value(), 3);
  });
}

TEST_F(task_handle, that_is_let_go_ends_the_task_and_not_the_owner) {
  run([] {
    pid linked;
    pid alone;
    {
      const auto a = async(hang);
      const auto b = async_nolink(hang);
      linked = a.who();
      alone = b.who();
    }
    end_of(linked);
    end_of(alone);
    auto replaced = async(hang);
    const pid first = replaced.who();
    replaced = async([] { return 2; });
    end_of(first);
    EXPECT_EQ(replaced.await().value(), 2);
    expect_no_mail();
  });
}

TEST_F(task_handle, ends_the_task_with_its_owner_however_that_ends) {
  run([] {
    const pid root = self();
    for (const exit_reason& how :
         {exit_reason::normal(), exit_reason::shutdown(), exit_reason::kill(), exit_reason::custom("x")}) {
      const monitored owner = spawn_monitor([root, how] {
        const auto a = async(hang);
        const auto b = async_nolink(hang);
        send(root, std::pair(a.who(), b.who()));
        receive_one<go>();
        exit(self(), how); // by a signal
      });
      const auto [a, b] = receive_one<std::pair<pid, pid>>();
      const monitor_ref of_a = monitor(a);
      const monitor_ref of_b = monitor(b);
      send(owner.who, go{});
      reason_of(owner.ref);
      reason_of(of_a);
      reason_of(of_b);
    }
  });
}

// -- shutdown

TEST_F(task_handle, shut_down_gives_nothing_if_it_had_to_end) {
  run([] {
    auto t = async(hang);
    EXPECT_FALSE(t.shutdown());
    EXPECT_FALSE(alive(t.who()));
    EXPECT_FALSE(t);
    expect_no_mail();
  });
}

TEST_F(task_handle, shut_down_gives_the_value_that_has_come) {
  run([] {
    auto t = async([] { return 5; });
    end_of(t.who());
    EXPECT_EQ(t.shutdown().value().value(), 5);
  });
}

TEST_F(task_handle, shut_down_gives_the_value_that_comes_because_of_it) {
  run([] {
    auto t = async({.trap_exit = true}, [] {
      receive_one<exited>();
      return 6;
    });
    EXPECT_EQ(t.shutdown(no_timeout).value().value(), 6);
  });
}

TEST_F(task_handle, shut_down_is_killed_if_it_does_not_end_in_time) {
  run([] {
    auto t = async([]() -> int {
      bad::trap_exits{}();
      return 0;
    });
    EXPECT_FALSE(t.shutdown(2ms));
    EXPECT_FALSE(alive(t.who()));
    expect_no_mail();
  });
}

TEST_F(task_handle, shut_down_tells_of_one_that_failed_by_itself) {
  run([] {
    auto t = async_nolink([]() -> int { throw std::runtime_error("before"); });
    end_of(t.who());
    EXPECT_EQ(t.shutdown().value().error().text, "std::runtime_error: before");
  });
}

TEST_F(task_handle, detached_goes_on_alone) {
  run([] {
    auto t = async([root = self()] {
      receive_one<go>();
      send(root, go{});
      exit(exit_reason::custom("nobody minds"));
    });
    const pid who = t.who();
    t.detach();
    EXPECT_FALSE(t);
    const monitor_ref ref = monitor(who);
    send(who, go{});
    receive_one<go>();
    EXPECT_EQ(reason_of(ref), exit_reason::custom("nobody minds"));
  });
}

// -- several

TEST_F(task_handle, of_many_are_awaited_together) {
  run([] {
    std::vector<task<int>> tasks;
    tasks.reserve(100);
    for (int i = 0; i < 100; ++i)
      tasks.push_back(async([i] { return i * i; }));
    const auto values = await_all(std::move(tasks));
    ASSERT_EQ(values.size(), 100U);
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(values[static_cast<std::size_t>(i)].value(), i * i);
  });
}

TEST_F(task_handle, of_many_are_ended_if_they_are_late_and_errors_stand_in_their_places) {
  run([] {
    std::vector<task<int>> tasks;
    tasks.push_back(async_nolink([] { return 1; }));
    tasks.push_back(async_nolink(hang));
    tasks.push_back(async_nolink([]() -> int { throw std::runtime_error("no"); }));
    const pid late = tasks[1].who();
    end_of(tasks[0].who());
    end_of(tasks[2].who());
    const auto values = await_all(std::move(tasks), 2ms);
    EXPECT_EQ(values[0].value(), 1);
    EXPECT_EQ(values[1].error().code, ETIMEDOUT);
    EXPECT_EQ(values[2].error().text, "std::runtime_error: no");
    end_of(late);
  });
}

TEST_F(task_handle, of_many_go_on_if_they_are_only_looked_at) {
  run([] {
    std::vector<task<int>> tasks;
    tasks.push_back(async([] { return 1; }));
    tasks.push_back(async(waiting_for_go(2)));
    end_of(tasks[0].who());
    auto values = yield_many(tasks, 1ms);
    EXPECT_EQ(values[0].value().value(), 1);
    EXPECT_FALSE(values[1]);
    send(tasks[1].who(), go{});
    EXPECT_EQ(tasks[1].await().value(), 2);
  });
}

// -- inside a server

struct slow_page {
  using reply = std::string;
};
struct front {
  using calls = protocol<slow_page>;
  pid back;
  explicit front(pid to) : back(to) {}
  std::string handle_call(slow_page) const {
    auto t = async([this] { return call<int>(back, go{}, no_timeout).error().text; });
    return t.await(no_timeout).value();
  }
};

TEST_F(task_handle, ends_its_calls_by_the_deadline_of_the_call_its_owner_serves) {
  run([] {
    const monitored silent = spawn_monitor(bad::hang{});
    const pid f = start_server<front>({}, silent.who).value();
    const auto got = call(f, slow_page{}, 3ms);
    EXPECT_TRUE(got ? *got == "timeout" : got.error().code == ETIMEDOUT);
    // it serves again: the task's call without limit of its own has ended
    EXPECT_TRUE(cast(f, go{}));
    yield_until([&] { return f.slot()->mail_waiting() == 0; });
    exit(silent.who, exit_reason::kill());
    reason_of(silent.ref);
  });
}

} // namespace
} // namespace perron::runtime
