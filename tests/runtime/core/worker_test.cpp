// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/worker.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/message.hpp>

#include <array>
#include <atomic>
#include <string>
#include <vector>

namespace perron::runtime::core {
namespace {

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

} // namespace
} // namespace perron::runtime::core
