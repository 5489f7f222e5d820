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

/// On one worker a process that was spawned does not run before its spawner waits.
class late_jobs : public testing::one_worker_fixture {};

TEST_F(late_jobs, go_on_behind_all_that_is_ready) {
  run([] {
    const pid me = self();
    std::array<telling_job, 2> jobs{telling_job(me), telling_job(me)};
    std::vector<std::string> order;
    spawn([=, &jobs] {
      push_late_here(jobs[0]);
      for (const char* name : {"first", "second", "third"})
        spawn([=] { send(me, ran{name}); });
      push_late_here(jobs[1]);
    });
    while (order.size() < 5)
      receive([&](const ran& r) { order.push_back(r.who); });
    EXPECT_EQ(order, (std::vector<std::string>{"first", "second", "third", "late", "late"}));
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
