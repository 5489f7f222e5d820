// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <atomic>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};
struct mail {
  int number = 0;
};

/// Takes nothing until told to, then `mails`; their numbers come to the parent as a vector. To be spawned
/// with trap_exit.
auto reader(int mails) {
  return [mails, parent = self()] {
    receive_one<exited>(); // told by a signal, because mail is bounded
    std::vector<int> got;
    for (int i = 0; i < mails; ++i)
      got.push_back(receive_one<mail>().number);
    send(parent, std::move(got));
  };
}
void start_reading(pid who) { exit(who, exit_reason::normal()); }

class mailbox_bound : public node_fixture {};

TEST_F(mailbox_bound, refuses_what_has_no_room) {
  run([] {
    const pid other = spawn({.trap_exit = true, .mailbox_bound = 3}, reader(3));
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(send(other, mail{i}), i < 3);
    start_reading(other);
    EXPECT_EQ(receive_one<std::vector<int>>(), (std::vector{0, 1, 2}));
  });
}

TEST_F(mailbox_bound, has_room_again_when_mail_was_taken) {
  run([] {
    const pid other = spawn({.mailbox_bound = 1}, [parent = self()] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(receive_one<mail>().number, i);
        send(parent, go{});
      }
    });
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(send(other, mail{i}));
      receive_one<go>();
    }
  });
}

TEST_F(mailbox_bound, destroys_what_it_refuses) {
  run([] {
    const monitored other = spawn_monitor({.mailbox_bound = 1}, bad::hang{});
    const auto held = std::make_shared<int>(1);
    send(other.who, 1);
    EXPECT_FALSE(send(other.who, held));
    EXPECT_EQ(held.use_count(), 1);
    exit(other.who, exit_reason::kill());
    reason_of(other.ref);
  });
}

TEST_F(mailbox_bound, lets_signals_pass) {
  run([] {
    const monitored other = spawn_monitor({.mailbox_bound = 1}, bad::hang{});
    send(other.who, 1);
    EXPECT_FALSE(send(other.who, 2));
    const monitor_ref second = monitor(other.who);
    const monitor_ref third = monitor(other.who);
    EXPECT_TRUE(demonitor(third));
    exit(other.who, exit_reason::custom("passed"));
    EXPECT_EQ(reason_of(other.ref), exit_reason::custom("passed"));
    EXPECT_EQ(reason_of(second), exit_reason::custom("passed"));
  });
}

TEST_F(mailbox_bound, lets_downs_and_exits_pass_as_mail) {
  run([] {
    const monitored other = spawn_monitor({.mailbox_bound = 1}, [parent = self()] {
      trap_exit(true);
      std::vector<monitored> children;
      for (int i = 0; i < 10; ++i)
        children.push_back(spawn_monitor({.link = true}, [] {}));
      EXPECT_TRUE(send(self(), 1));
      for (const monitored& child : children) {
        reason_of(child.ref);
        receive(when([&](const exited& e) { return e.from == child.who; }, [](const exited&) {}));
      }
    });
    EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
  });
}

TEST_F(mailbox_bound, refuses_senders_outside_of_processes_under_each_policy_that_waits_or_refuses) {
  for (const mailbox_policy policy : {mailbox_policy::refuse, mailbox_policy::wait}) {
    outcome_queue<pid> started;
    const pid other = node().spawn({.mailbox_bound = 2, .when_full = policy}, bad::hang{});
    EXPECT_TRUE(send(other, 1));
    EXPECT_TRUE(send(other, 2));
    EXPECT_FALSE(send(other, 3)) << ::testing::PrintToString(policy);
    exit(other, exit_reason::kill());
  }
}

TEST_F(mailbox_bound, makes_senders_wait_for_room_and_loses_nothing) {
  run([] {
    const int senders = 8;
    const int each = static_cast<int>(scaled(500, 100));
    const pid other = spawn({.trap_exit = true, .mailbox_bound = 4, .when_full = mailbox_policy::wait},
                            reader(senders * each));
    std::vector<monitored> all;
    for (int s = 0; s < senders; ++s)
      all.push_back(spawn_monitor([=] {
        for (int i = 0; i < each; ++i)
          EXPECT_TRUE(send(other, mail{s * each + i}));
      }));
    start_reading(other);
    const auto got = receive_one<std::vector<int>>();
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    std::vector<int> last(static_cast<std::size_t>(senders), -1);
    for (const int number : got) {
      int& before = last[static_cast<std::size_t>(number / each)];
      EXPECT_EQ(number % each, before + 1) << "messages of one sender keep their order";
      before = number % each;
    }
    for (const int each_last : last)
      EXPECT_EQ(each_last, each - 1);
  });
}

TEST_F(mailbox_bound, lets_waiting_senders_go_when_the_receiver_ends) {
  run([] {
    const monitored other =
        spawn_monitor({.mailbox_bound = 1, .when_full = mailbox_policy::wait}, bad::hang{});
    send(other.who, 0);
    std::vector<monitored> senders;
    for (int i = 0; i < 10; ++i)
      senders.push_back(spawn_monitor([to = other.who] { EXPECT_FALSE(send(to, 1)); }));
    for (int i = 0; i < 100; ++i)
      yield();
    exit(other.who, exit_reason::kill());
    reason_of(other.ref);
    for (const monitored& m : senders)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
  });
}

TEST_F(mailbox_bound, lets_a_waiting_sender_be_ended) {
  run([] {
    const monitored other =
        spawn_monitor({.mailbox_bound = 1, .when_full = mailbox_policy::wait}, bad::hang{});
    send(other.who, 0);
    const monitored sender = spawn_monitor([to = other.who, parent = self()] {
      send(parent, go{});
      send(to, 1);
      ADD_FAILURE() << "there is no room";
    });
    receive_one<go>();
    exit(sender.who, exit_reason::custom("not waiting any more"));
    EXPECT_EQ(reason_of(sender.ref), exit_reason::custom("not waiting any more"));
    exit(other.who, exit_reason::kill());
    reason_of(other.ref);
  });
}

TEST_F(mailbox_bound, gives_the_room_of_an_ended_waiter_to_the_next) {
  run([] {
    const pid other =
        spawn({.trap_exit = true, .mailbox_bound = 1, .when_full = mailbox_policy::wait}, reader(2));
    send(other, mail{0});
    const monitored first = spawn_monitor([other, parent = self()] {
      send(parent, go{});
      send(other, mail{1});
    });
    receive_one<go>();
    yield_until([&] { return first.who.slot()->waits_for.load() == core::wait_kind::room; });
    const monitored second = spawn_monitor([other] { EXPECT_TRUE(send(other, mail{2})); });
    yield_until([&] { return second.who.slot()->waits_for.load() == core::wait_kind::room; });
    exit(first.who, exit_reason::kill());
    EXPECT_EQ(reason_of(first.ref), exit_reason::killed());
    start_reading(other);
    EXPECT_EQ(receive_one<std::vector<int>>(), (std::vector{0, 2}));
    EXPECT_EQ(reason_of(second.ref), exit_reason::normal());
  });
}

TEST_F(mailbox_bound, does_not_make_a_process_wait_for_itself) {
  run({.mailbox_bound = 2, .when_full = mailbox_policy::wait}, [] {
    EXPECT_TRUE(send(self(), 1));
    EXPECT_TRUE(send(self(), 2));
    EXPECT_FALSE(send(self(), 3));
    receive_one<int>();
    EXPECT_TRUE(send(self(), 4));
  });
}

TEST_F(mailbox_bound, ends_the_receiver_where_that_is_the_policy) {
  run([] {
    const monitored other =
        spawn_monitor({.mailbox_bound = 5, .when_full = mailbox_policy::kill}, bad::hang{});
    for (int i = 0; i < 5; ++i)
      EXPECT_TRUE(send(other.who, i));
    EXPECT_FALSE(send(other.who, 5));
    EXPECT_EQ(reason_of(other.ref), exit_reason::custom("mailbox_full"));
  });
}

TEST_F(mailbox_bound, ends_even_a_receiver_that_traps_exits_where_that_is_the_policy) {
  run([] {
    const monitored other = spawn_monitor(
        {.trap_exit = true, .mailbox_bound = 5, .when_full = mailbox_policy::kill}, bad::hang{});
    while (send(other.who, 0)) {
    }
    EXPECT_EQ(reason_of(other.ref), exit_reason::custom("mailbox_full"));
  });
}

TEST_F(mailbox_bound, holds_against_a_flood) {
  run([] {
    const monitored victim =
        spawn_monitor({.mailbox_bound = 100, .when_full = mailbox_policy::kill}, bad::hang{});
    EXPECT_EQ(reason_of_running(bad::flood{victim.who}), exit_reason::normal());
    EXPECT_EQ(reason_of(victim.ref), exit_reason::custom("mailbox_full"));
  });
}

TEST_F(mailbox_bound, is_never_exceeded_by_many_senders_at_once) {
  run([] {
    constexpr std::uint32_t bound = 16;
    const monitored other = spawn_monitor({.mailbox_bound = bound}, bad::hang{});
    auto accepted = std::make_shared<std::atomic<std::uint32_t>>(0);
    std::vector<monitored> senders;
    for (int s = 0; s < 8; ++s)
      senders.push_back(spawn_monitor([to = other.who, accepted] {
        for (int i = 0; i < 200; ++i)
          if (send(to, i))
            ++*accepted;
      }));
    for (const monitored& m : senders)
      reason_of(m.ref);
    EXPECT_EQ(*accepted, bound);
    exit(other.who, exit_reason::kill());
    reason_of(other.ref);
  });
}

} // namespace
} // namespace perron::runtime
