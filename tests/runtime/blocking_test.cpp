// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/blocking.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};

class blocking_call : public one_worker_fixture {};

TEST_F(blocking_call, gives_what_the_work_gives) {
  run([] {
    EXPECT_EQ(blocking([] { return 42; }), 42);
    EXPECT_EQ(*blocking([] { return std::make_unique<int>(7); }), 7);
    int done = 0;
    blocking([&] { done = 1; });
    EXPECT_EQ(done, 1);
  });
}

TEST_F(blocking_call, throws_what_the_work_throws) {
  run([] {
    EXPECT_THROW(blocking([] { throw std::out_of_range("x"); }), std::out_of_range);
    EXPECT_THROW(blocking([]() -> int { throw 5; }), int);
  });
}

TEST_F(blocking_call, runs_outside_of_any_process_on_a_thread_of_its_own) {
  run([] {
    const auto worker = std::this_thread::get_id();
    blocking([&] {
      EXPECT_EQ(self_or_none(), pid());
      EXPECT_NE(std::this_thread::get_id(), worker);
      EXPECT_THROW(self(), not_a_process);
    });
  });
}

TEST_F(blocking_call, lets_others_run_meanwhile) {
  run([] {
    event others_ran;
    spawn([&] { others_ran.happen(); });
    // on one worker: had the process kept it, this would wait in vain
    EXPECT_TRUE(blocking([&] { return others_ran.await("another process"); }));
  });
}

TEST_F(blocking_call, of_many_at_once_waits_for_threads_to_be_free) {
  run([] {
    std::atomic<int> sum{0};
    std::vector<monitored> all;
    for (int i = 1; i <= 200; ++i)
      all.push_back(spawn_monitor([&sum, i] { EXPECT_EQ(blocking([&sum, i] { return sum += i, i; }), i); }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    EXPECT_EQ(sum, 200 * 201 / 2);
  });
}

TEST_F(blocking_call, keeps_mail_and_signals_for_later) {
  run([] {
    const pid parent = self();
    EXPECT_EQ(blocking([parent] {
                EXPECT_TRUE(send(parent, std::string("while you were away")));
                exit(parent, exit_reason::normal());
                return 1;
              }),
              1);
    EXPECT_EQ(receive_one<std::string>(), "while you were away");
  });
}

TEST_F(blocking_call, is_not_cut_short_by_an_exit_signal_but_followed_by_it) {
  run([] {
    event ordered;
    std::atomic<bool> finished{false};
    std::atomic<bool> went_on{false};
    const monitored child = spawn_monitor([&] {
      const pid me = self();
      blocking([&, me] {
        exit(me, exit_reason::kill());
        ordered.happen();
        finished = true;
      });
      went_on = true;
    });
    EXPECT_EQ(reason_of(child.ref), exit_reason::killed());
    EXPECT_TRUE(ordered.happened());
    EXPECT_TRUE(finished);
    EXPECT_FALSE(went_on);
  });
}

TEST_F(blocking_call, may_spawn_and_send_from_the_pool) {
  run([] {
    const pid parent = self();
    blocking([parent] { spawn([parent] { send(parent, go{}); }); });
    receive_one<go>();
  });
}

} // namespace
} // namespace perron::runtime
