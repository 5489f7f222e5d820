// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/worker.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/message.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::runtime::core {
namespace {

using namespace std::chrono_literals;

struct ran {
  std::string who;
};

/// Tells a process when it is run.
struct telling_job final : runnable {
  pid whom;
  explicit telling_job(pid p) noexcept : runnable(&on_run), whom(p) {}
  static void on_run(runnable& self, carrier&) { send(static_cast<telling_job&>(self).whom, ran{"late"}); }
};

void push_late_here(runnable& job) {
  const inside engine;
  engine.own()->push_late(job);
}

/// On one worker a process that was spawned does not run before its spawner waits; nobody takes it over.
class late_jobs : public testing::node_fixture {
protected:
  late_jobs() : node_fixture(alone()) {}

  static node_options alone() {
    node_options options = testing::test_options(1);
    options.watchdog_ms = 0;
    return options;
  }

  /// Two late jobs and three processes, in the order in which they run.
  static std::vector<std::string> order_of_five() {
    const pid me = self();
    std::array<telling_job, 2> jobs{telling_job(me), telling_job(me)};
    spawn([=, &jobs] {
      push_late_here(jobs[0]);
      for (const char* name : {"first", "second", "third"})
        spawn([=] { send(me, ran{name}); });
      push_late_here(jobs[1]);
    });
    std::vector<std::string> order;
    while (order.size() < 5)
      receive([&](const ran& r) { order.push_back(r.who); });
    return order;
  }
};

TEST_F(late_jobs, go_on_behind_all_that_is_ready) {
  run([] {
    // but for when their time is over: every sixteen turns, and where the thread is held up
    int as_meant = 0;
    for (int i = 0; i < 100; ++i)
      as_meant += order_of_five() == std::vector<std::string>{"first", "second", "third", "late", "late"};
    EXPECT_GT(as_meant, 0);
  });
}

struct counting_job final : runnable {
  std::atomic<int> runs{0};
  counting_job() noexcept : runnable(&on_run) {}
  static void on_run(runnable& self, carrier&) { static_cast<counting_job&>(self).runs.fetch_add(1); }
};

TEST_F(late_jobs, do_not_wait_for_ever_for_those_who_are_always_ready) {
  run([] {
    counting_job job;
    for (int times = 1; times <= 10; ++times) {
      push_late_here(job);
      int turns = 0;
      for (; job.runs.load() < times; ++turns) // this process is ready all the time
        yield();
      EXPECT_LE(turns, 16);
    }
  });
}

// -- staying with a process that waits

struct ping {
  pid from;
};
struct pong {};

class answers_from_another_worker : public testing::node_fixture {
protected:
  /// On worker 1. Ends with who started it, who should run on worker 0.
  static pid start_echo() {
    return spawn({.link = true, .worker = 1}, [] {
      for (;;)
        receive([](const ping& p) { send(p.from, pong{}); });
    });
  }

  static void ask(pid echo) {
    send(echo, ping{self()});
    receive([](const pong&) {});
  }

  std::uint64_t turns() { return node().stats().turns; }
};

TEST_F(answers_from_another_worker, cost_a_turn_now_and_then_when_they_come_soon) {
  cpu_set_t usable;
  ASSERT_EQ(::sched_getaffinity(0, sizeof usable, &usable), 0);
  if (CPU_COUNT(&usable) < 2)
    GTEST_SKIP() << "one processor: nothing comes while a worker looks for it";
  run({.worker = 0}, [this] {
    constexpr std::uint64_t round_trips = 1000;
    const pid echo = start_echo();
    // where other tests take the processors, many a batch goes on as if there were no staying
    std::uint64_t fewest = ~std::uint64_t(0);
    const auto end = std::chrono::steady_clock::now() + testing::patience;
    while (fewest >= round_trips && std::chrono::steady_clock::now() < end) {
      const std::uint64_t before = turns();
      for (std::uint64_t i = 0; i < round_trips; ++i)
        ask(echo);
      fewest = std::min(fewest, turns() - before);
    }
    EXPECT_LT(fewest, round_trips);
    EXPECT_GE(fewest, round_trips / 16); // in which sockets, timers and the watchdog have theirs
    unlink(echo);
    exit(echo, exit_reason::kill());
  });
}

TEST_F(answers_from_another_worker, hold_up_neither_timers_nor_others_of_the_worker) {
  run({.worker = 0}, [] {
    for (int i = 0; i < 20; ++i) {
      const pid me = self();
      const monitored asker = spawn_monitor({.worker = 0}, [] {
        const pid echo = start_echo();
        for (;;)
          ask(echo);
      });
      // its timer is worker 0's, where the asker and the echo leave no idle moment
      receive(after(2ms, [] {}));
      spawn({.worker = 0}, [=] { send(me, ran{"other"}); });
      receive([](const ran&) {});
      exit(asker.who, exit_reason::kill());
      EXPECT_EQ(testing::reason_of(asker.ref), exit_reason::killed());
    }
  });
}

} // namespace
} // namespace perron::runtime::core
