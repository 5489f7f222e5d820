// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};

class process_name : public node_fixture {};

TEST_F(process_name, given_at_spawn_is_known_before_spawn_returns) {
  run([] {
    const pid child = spawn({.name = "room/7"}, bad::hang{});
    EXPECT_EQ(whereis("room/7"), child);
  });
}

TEST_F(process_name, may_be_taken_by_a_process_for_itself_once) {
  run([] {
    EXPECT_TRUE(register_name("first"));
    EXPECT_EQ(whereis("first"), self());
    EXPECT_FALSE(register_name("second")) << "it has a name already";
    EXPECT_FALSE(register_name("first"));
    EXPECT_FALSE(register_name(""));
    EXPECT_EQ(whereis("second"), pid());
  });
}

TEST_F(process_name, may_be_of_any_length_and_bytes) {
  run([] {
    const std::string name = std::string(100'000, 'x') + '\0' + "y";
    EXPECT_TRUE(register_name(name));
    EXPECT_EQ(whereis(name), self());
    EXPECT_EQ(whereis(name.substr(0, 100'000)), pid());
  });
}

TEST_F(process_name, that_is_taken_fails_the_spawn_and_leaves_nothing_behind) {
  run([] {
    EXPECT_TRUE(register_name("mine"));
    const auto held = std::make_shared<int>(1);
    const auto before = current_node_stats().processes;
    const auto try_it = [&](const spawn_options& options) {
      EXPECT_THROW(spawn(options, [held] { ADD_FAILURE(); }), std::invalid_argument);
    };
    try_it({.name = "mine"});
    try_it({.name = "mine", .link = true});
    EXPECT_THROW(spawn_monitor({.name = "mine", .link = true}, [held] {}), std::invalid_argument);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(current_node_stats().processes, before);
    EXPECT_EQ(whereis("mine"), self());
    EXPECT_TRUE(!detail::current().ties ||
                (detail::current().ties->links.empty() && detail::current().ties->monitors.empty()));
  });
}

TEST_F(process_name, is_free_again_before_anybody_is_told_of_the_end) {
  run([] {
    for (int i = 0; i < 200; ++i) {
      const monitored child = spawn_monitor({.name = "again and again"}, [] {});
      reason_of(child.ref);
      EXPECT_EQ(whereis("again and again"), pid());
    }
  });
}

TEST_F(process_name, is_free_before_a_link_tells) {
  run({.trap_exit = true}, [] {
    for (int i = 0; i < 50; ++i) {
      spawn({.name = "linked", .link = true}, bad::crash{});
      receive_one<exited>();
      EXPECT_EQ(whereis("linked"), pid());
    }
  });
}

TEST_F(process_name, may_be_given_up) {
  run([] {
    EXPECT_TRUE(register_name("old"));
    EXPECT_TRUE(unregister_name("old"));
    EXPECT_FALSE(unregister_name("old"));
    EXPECT_EQ(whereis("old"), pid());
    EXPECT_TRUE(register_name("new"));
    EXPECT_EQ(whereis("new"), self());
  });
}

TEST_F(process_name, given_up_by_one_and_taken_by_another_stays_with_that_one) {
  run([] {
    const monitored first = spawn_monitor({.name = "passed on"}, [] { receive_one<go>(); });
    EXPECT_TRUE(unregister_name("passed on"));
    EXPECT_TRUE(register_name("passed on"));
    send(first.who, go{});
    reason_of(first.ref);
    EXPECT_EQ(whereis("passed on"), self());
  });
}

TEST_F(process_name, is_an_address) {
  run([] {
    EXPECT_TRUE(register_name("box"));
    EXPECT_TRUE(send("box", 5));
    EXPECT_EQ(receive_one<int>(), 5);
    EXPECT_TRUE(send(std::string("box"), std::make_unique<int>(6)));
    EXPECT_EQ(*receive_one<std::unique_ptr<int>>(), 6);
    EXPECT_FALSE(send("nobody", 5));
  });
}

TEST_F(process_name, may_be_used_by_an_ordinary_thread) {
  outcome_queue<int> came;
  node().spawn({.name = "outside"}, [&] { came.put(receive_one<int>()); });
  EXPECT_TRUE(whereis("outside"));
  EXPECT_TRUE(send("outside", 3));
  EXPECT_EQ(came.take(), 3);
}

TEST_F(process_name, has_one_owner_when_many_want_it) {
  run([] {
    for (int round = 0; round < 50; ++round) {
      const pid parent = self();
      std::vector<monitored> all;
      for (int i = 0; i < 20; ++i)
        all.push_back(spawn_monitor([parent] {
          send(parent, register_name("wanted by all"));
          receive_one<go>();
        }));
      int winners = 0;
      for (std::size_t i = 0; i < all.size(); ++i)
        winners += receive_one<bool>() ? 1 : 0;
      EXPECT_EQ(winners, 1);
      for (const monitored& m : all) {
        send(m.who, go{});
        reason_of(m.ref);
      }
    }
  });
}

TEST_F(process_name, is_found_only_while_its_process_takes_mail) {
  const std::size_t rounds = scaled(5'000, 500);
  // each waits for one message, so the first to whoever is found has to be taken
  std::thread outsider([&] {
    pid last;
    for (std::size_t found = 0; found < rounds;) {
      const pid who = whereis("brief");
      if (!who || who == last)
        continue;
      bool taken = send(who, go{});
      EXPECT_TRUE(taken) << "after " << found;
      while (!taken)
        taken = send(who, go{});
      last = who;
      ++found;
    }
  });
  run([&] {
    for (std::size_t i = 0; i < rounds; ++i)
      EXPECT_EQ(reason_of_running({.name = "brief"}, [] { receive_one<go>(); }), exit_reason::normal());
  });
  outsider.join();
}

} // namespace
} // namespace perron::runtime
