// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/node.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/timer.hpp>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using perron_node = class node;

struct go {};

TEST(a_node, may_be_made_and_stopped_many_times) {
  for (int i = 0; i < 20; ++i) {
    perron_node n(test_options());
    EXPECT_EQ(n.run([] { EXPECT_EQ(reason_of_running([] {}), exit_reason::normal()); }),
              exit_reason::normal());
    EXPECT_EQ(n.stop(), leftovers{});
  }
}

TEST(a_node, ignores_broken_pipes_unless_the_program_has_a_handler_for_them) {
  const auto made_with = [](void (*before)(int)) {
    auto* const restored = std::signal(SIGPIPE, before);
    const perron_node n(test_options());
    return std::signal(SIGPIPE, restored);
  };
  EXPECT_EQ(made_with(SIG_DFL), SIG_IGN);
  static constexpr auto own = [](int) {};
  EXPECT_EQ(made_with(own), static_cast<void (*)(int)>(own));
}

TEST(a_node, may_end_without_having_done_anything) {
  const perron_node idle(test_options());
  perron_node stopped(test_options());
  EXPECT_EQ(stopped.stop(), leftovers{});
  EXPECT_EQ(stopped.stop(), leftovers{}) << "a second time";
}

TEST(a_node, may_live_beside_another) {
  perron_node first(test_options());
  perron_node second(test_options());
  // a message crosses as between threads
  outcome_queue<int> came;
  const pid there = second.spawn([&] { came.put(receive_one<int>()); });
  EXPECT_EQ(first.run([there] { EXPECT_TRUE(send(there, 4)); }), exit_reason::normal());
  EXPECT_EQ(came.take(), 4);
  const auto register_here = [] { EXPECT_TRUE(register_name("same name")); };
  EXPECT_EQ(first.run(register_here), exit_reason::normal());
  EXPECT_EQ(second.run(register_here), exit_reason::normal());
  EXPECT_EQ(first.stop(), leftovers{});
  EXPECT_EQ(second.stop(), leftovers{});
}

TEST(a_node, with_one_worker_and_with_many_does_the_same) {
  for (const unsigned workers : {1U, 2U, 7U}) {
    perron_node n(test_options(workers));
    EXPECT_EQ(n.stats().workers.size(), workers);
    EXPECT_EQ(n.run([] {
      std::vector<monitored> all;
      for (int i = 0; i < 100; ++i)
        all.push_back(spawn_monitor([] { yield(); }));
      for (const monitored& m : all)
        EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    }),
              exit_reason::normal());
    EXPECT_EQ(n.stop(), leftovers{});
  }
}

TEST(a_node, gives_the_reason_of_a_process_that_a_thread_waits_for) {
  perron_node n(test_options());
  EXPECT_EQ(n.run([] { exit(exit_reason::custom("so")); }), exit_reason::custom("so"));
  EXPECT_EQ(n.run(bad::crash{"x"}).text(), "x");
  EXPECT_EQ(n.run({.name = "waited for"}, [] { EXPECT_EQ(whereis("waited for"), self()); }),
            exit_reason::normal());
}

TEST(a_node, may_be_waited_for_by_many_threads_at_once) {
  perron_node n(test_options());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&n, i] {
      for (int k = 0; k < 50; ++k) {
        const std::string text = std::to_string(i * 1000 + k);
        EXPECT_EQ(n.run([text] { exit(exit_reason::custom(text)); }), exit_reason::custom(text));
      }
    });
  for (std::thread& t : threads)
    t.join();
  EXPECT_EQ(n.stop(), leftovers{});
}

TEST(a_node, takes_messages_from_many_ordinary_threads) {
  perron_node n(test_options());
  const int threads = 4;
  const int each = static_cast<int>(scaled(20'000, 2000));
  outcome_queue<int> sum;
  const pid counter = n.spawn([&] {
    std::vector<int> last(threads, -1);
    for (int i = 0; i < threads * each; ++i)
      receive([&](std::pair<int, int> m) {
        EXPECT_EQ(m.second, last[static_cast<std::size_t>(m.first)] + 1);
        last[static_cast<std::size_t>(m.first)] = m.second;
      });
    sum.put(threads * each);
  });
  std::vector<std::thread> senders;
  for (int t = 0; t < threads; ++t)
    senders.emplace_back([=] {
      for (int i = 0; i < each; ++i)
        EXPECT_TRUE(send(counter, std::pair(t, i)));
    });
  for (std::thread& t : senders)
    t.join();
  EXPECT_EQ(sum.take(), threads * each);
  EXPECT_EQ(n.stop(), leftovers{});
}

TEST(a_node, counts_what_happens) {
  perron_node n(test_options());
  const auto before = n.stats();
  EXPECT_EQ(before.processes, 0U);
  n.run([] {
    for (int i = 0; i < 10; ++i)
      reason_of_running([i] {
        if (i < 3)
          exit(exit_reason::custom("counted"));
      });
    const node_stats now = current_node_stats();
    EXPECT_EQ(now.processes, 1U);
    EXPECT_EQ(now.spawned, 11U);
    EXPECT_EQ(now.ended, 10U);
    EXPECT_EQ(now.crashed, 3U);
    EXPECT_GT(now.turns, 0U);
    EXPECT_GT(now.process_memory, 0U);
    EXPECT_GT(now.stacks_in_use, 0U);
  });
  EXPECT_EQ(n.stop(), leftovers{});
}

TEST(a_node, that_stops_ends_processes_that_wait) {
  perron_node n(test_options());
  event ended(100);
  event waiting(100);
  struct at_end {
    event& what;
    ~at_end() { what.happen(); }
  };
  for (int i = 0; i < 100; ++i)
    n.spawn([&] {
      const at_end guard{ended};
      waiting.happen();
      receive_one<go>();
    });
  waiting.await("the start of all");
  EXPECT_EQ(n.stop(), leftovers{});
  EXPECT_TRUE(ended.happened()) << "destructors have run";
}

TEST(a_node, that_stops_ends_processes_that_never_ran) {
  perron_node n(test_options(1));
  const bad::spin spinning;
  const auto held = std::make_shared<int>(1);
  n.spawn(spinning);
  for (int i = 0; i < 500; ++i)
    n.spawn([held] { receive_one<go>(); });
  *spinning.enough = true;
  EXPECT_EQ(n.stop(), leftovers{});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(a_node, that_stops_asks_first_and_kills_who_will_not_hear) {
  perron_node n(test_options());
  event asked;
  event deaf;
  n.spawn({.trap_exit = true}, [&] {
    EXPECT_EQ(receive_one<exited>().reason, exit_reason::shutdown());
    asked.happen();
  });
  n.spawn([&] {
    trap_exit(true);
    deaf.happen();
    bad::trap_exits{}();
  });
  deaf.await();
  EXPECT_EQ(n.stop(1s), leftovers{}); // enough for who hears, on a slow machine as well
  EXPECT_TRUE(asked.happened());
}

TEST(a_node, that_stops_ends_processes_that_spawn_others_without_end) {
  perron_node n(test_options());
  event started;
  struct hydra {
    static void grow() {
      trap_exit(true);
      receive_one<exited>();
      spawn([] { grow(); });
    }
  };
  n.spawn([&] {
    started.happen();
    hydra::grow();
  });
  started.await();
  EXPECT_EQ(n.stop(20ms), leftovers{});
}

TEST(a_node, that_stops_frees_mail_and_armed_timers) {
  const auto held = std::make_shared<int>(1);
  {
    perron_node n(test_options());
    event ready;
    n.spawn([&] {
      for (int i = 0; i < 10; ++i)
        send(self(), held);
      send_after(1h, self(), held);
      send_interval(1h, self(), held);
      ready.happen();
      receive([](go) {}, after(1h, [] {}));
    });
    ready.await();
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(a_node, that_has_stopped_leaves_timer_references_that_may_be_dropped) {
  timer_ref kept;
  {
    perron_node n(test_options());
    n.run([&] { kept = send_after(1h, self(), go{}); });
  }
  kept = timer_ref();
}

TEST(a_node, that_stops_waits_for_blocking_work) {
  perron_node n(test_options());
  event started;
  event may_end;
  std::atomic<bool> finished{false};
  n.spawn([&] {
    blocking([&] {
      started.happen();
      may_end.await();
      finished = true;
    });
  });
  started.await();
  std::thread later([&] { may_end.happen(); });
  EXPECT_EQ(n.stop(), leftovers{});
  later.join();
  EXPECT_TRUE(finished);
}

TEST(a_node_death, that_cannot_end_a_process_names_it_and_ends_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        perron_node n(test_options(1));
        event started;
        n.spawn({.name = "perpetuum mobile"}, [&] {
          started.happen();
          bad::spin{}();
        });
        started.await();
        n.stop(1ms);
      },
      ::testing::ExitedWithCode(70), "do not give way.*\n.*perpetuum mobile");
}

TEST(a_node, has_no_say_in_what_an_ordinary_thread_does_when_there_is_none) {
  EXPECT_THROW(spawn([] {}), not_a_process);
  EXPECT_THROW(whereis("x"), not_a_process);
}

} // namespace
} // namespace perron::runtime
