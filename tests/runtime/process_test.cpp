// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};
struct leave {};
struct hello {
  std::string text;
};

class process : public node_fixture {};

TEST_F(process, runs_its_function_once_and_ends_with_it) {
  std::atomic<int> runs{0};
  EXPECT_EQ(node().run([&] { ++runs; }), exit_reason::normal());
  EXPECT_EQ(runs, 1);
}

TEST_F(process, has_a_number_of_its_own_that_is_never_used_again) {
  run([] {
    std::vector<pid> seen{self()};
    for (int i = 0; i < 1000; ++i) {
      const monitored child = spawn_monitor([] {});
      EXPECT_NE(child.who, seen.back());
      EXPECT_GT(child.who, pid());
      seen.push_back(child.who);
      reason_of(child.ref);
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
    for (const pid former : seen)
      EXPECT_EQ(alive(former), former == self());
  });
}

TEST_F(process, takes_a_function_object_that_can_only_be_moved) {
  run([] {
    auto text = std::make_unique<std::string>("moved");
    const pid parent = self();
    spawn([parent, held = std::move(text)] { send(parent, hello{*held}); });
    EXPECT_EQ(receive_one<hello>().text, "moved");
  });
}

TEST_F(process, takes_a_function_object_of_any_size) {
  run([] {
    std::array<std::uint64_t, 100> large{};
    large.back() = 42;
    const pid parent = self();
    spawn([parent, large] { send(parent, large.back()); });
    EXPECT_EQ(receive_one<std::uint64_t>(), 42U);
  });
}

TEST_F(process, destroys_its_function_object_before_others_are_told_of_its_end) {
  run([] {
    auto held = std::make_shared<int>(1);
    const monitored child = spawn_monitor([held] {});
    reason_of(child.ref);
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(process, destroys_mail_that_it_did_not_read) {
  auto held = std::make_shared<int>(1);
  run([&] {
    const monitored child = spawn_monitor([] { receive_one<go>(); });
    for (int i = 0; i < 100; ++i)
      EXPECT_TRUE(send(child.who, held));
    send(child.who, go{});
    reason_of(child.ref);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_FALSE(send(child.who, held)) << "a message to the dead vanishes";
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(process, knows_itself_and_an_ordinary_thread_is_none) {
  EXPECT_EQ(self_or_none(), pid());
  EXPECT_THROW(self(), not_a_process);
  EXPECT_THROW(yield(), not_a_process);
  EXPECT_THROW(receive_one<int>(), not_a_process);
  EXPECT_THROW(spawn({.link = true}, [] {}), not_a_process);
  run([] { EXPECT_EQ(self(), self_or_none()); });
}

TEST_F(process, may_be_spawned_by_an_ordinary_thread) {
  event ran(2);
  spawn([&] { ran.happen(); });
  node().spawn([&] { ran.happen(); });
  ran.await();
}

TEST_F(process, runs_on_the_stack_that_was_asked_for) {
  run([] {
    EXPECT_EQ(reason_of_running({.stack_bytes = 4 << 20},
                                [] {
                                  volatile char deep[3 << 20];
                                  deep[0] = 1;
                                  deep[sizeof deep - 1] = 1;
                                  yield();
                                  EXPECT_EQ(deep[0], 1);
                                }),
              exit_reason::normal());
  });
}

TEST_F(process, stays_on_the_worker_it_was_pinned_to) {
  run([] {
    const auto thread_of = [](int worker) {
      auto id = std::make_shared<std::thread::id>();
      EXPECT_EQ(reason_of_running({.worker = worker},
                                  [id] {
                                    *id = std::this_thread::get_id();
                                    for (int i = 0; i < 200; ++i) {
                                      yield();
                                      EXPECT_EQ(*id, std::this_thread::get_id());
                                    }
                                  }),
                exit_reason::normal());
      return *id;
    };
    EXPECT_NE(thread_of(0), thread_of(1));
  });
}

TEST_F(process, names_its_reason_by_exit) {
  run([] {
    EXPECT_EQ(reason_of_running([] { exit(exit_reason::custom("enough")); }), exit_reason::custom("enough"));
    EXPECT_EQ(reason_of_running([] { exit(exit_reason::shutdown()); }), exit_reason::shutdown());
    EXPECT_EQ(reason_of_running([] { exit(exit_reason::normal()); }), exit_reason::normal());
    EXPECT_EQ(reason_of_running([] { exit(exit_reason::kill()); }), exit_reason::killed());
  });
}

TEST_F(process, runs_destructors_when_it_exits) {
  run([] {
    auto held = std::make_shared<int>(1);
    EXPECT_EQ(reason_of_running([held] {
                const std::shared_ptr<int> copy = held;
                exit(exit_reason::shutdown("so"));
              }),
              exit_reason::shutdown("so"));
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(process, runs_destructors_when_it_is_ended_while_it_waits) {
  run([] {
    auto held = std::make_shared<int>(1);
    const monitored child = spawn_monitor([held, parent = self()] {
      const std::shared_ptr<int> copy = held;
      send(parent, go{});
      receive_one<leave>();
    });
    receive_one<go>();
    exit(child.who, exit_reason::kill());
    EXPECT_EQ(reason_of(child.ref), exit_reason::killed());
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_F(process, knows_its_ancestors_parent_first) {
  run([] {
    const pid root = self();
    spawn([root] {
      const pid middle = self();
      spawn([root, middle] {
        const auto& mine = detail::current().ancestors;
        EXPECT_EQ(mine[0], middle);
        EXPECT_EQ(mine[1], root);
        EXPECT_EQ(mine[2], pid());
        send(root, go{});
      });
    });
    receive_one<go>();
  });
}

TEST_F(process, is_alive_until_others_are_told_of_its_end) {
  run([] {
    const monitored child = spawn_monitor([] { receive_one<leave>(); });
    EXPECT_TRUE(alive(child.who));
    EXPECT_TRUE(alive(self()));
    EXPECT_FALSE(alive(pid()));
    send(child.who, leave{});
    reason_of(child.ref);
    EXPECT_FALSE(alive(child.who));
  });
}

TEST_F(process, sleeps_no_less_than_it_was_told_to) {
  run([] {
    using clock = std::chrono::steady_clock;
    send(self(), go{});
    const auto start = clock::now();
    sleep_for(std::chrono::milliseconds(5));
    EXPECT_GE(clock::now() - start, std::chrono::milliseconds(5));
    sleep_for(std::chrono::nanoseconds(-1));
    receive_one<go>(); // mail stays where it is
  });
}

TEST_F(process, wakes_from_sleep_by_an_exit_signal_only) {
  run([] {
    const monitored child = spawn_monitor([parent = self()] {
      send(parent, go{});
      sleep_for(std::chrono::hours(1));
    });
    receive_one<go>();
    send(child.who, hello{"wake up"});
    exit(child.who, exit_reason::custom("now"));
    EXPECT_EQ(reason_of(child.ref), exit_reason::custom("now"));
  });
}

class process_on_one_worker : public one_worker_fixture {};

TEST_F(process_on_one_worker, lets_others_run_when_it_yields) {
  run([] {
    std::vector<int> order;
    const monitored child = spawn_monitor([&] {
      for (int i = 0; i < 3; ++i) {
        order.push_back(1);
        yield();
      }
    });
    for (int i = 0; i < 3; ++i) {
      yield();
      order.push_back(0);
    }
    reason_of(child.ref);
    EXPECT_EQ(order, (std::vector{1, 0, 1, 0, 1, 0}));
  });
}

TEST_F(process_on_one_worker, gives_way_after_a_number_of_messages_whether_it_wants_or_not) {
  run([] {
    std::atomic<bool> other_ran{false};
    const monitored other = spawn_monitor([&] { other_ran = true; });
    int sent = 0;
    while (!other_ran) {
      send(self(), sent++);
      receive_one<int>();
    }
    EXPECT_LT(sent, 10'000);
    reason_of(other.ref);
  });
}

} // namespace
} // namespace perron::runtime
