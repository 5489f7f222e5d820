// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <atomic>
#include <stdexcept>
#include <string>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct ready {};
struct go {};
struct leave {};

/// Ends by the given reason when told to.
auto ends_with(exit_reason why) {
  return [why = std::move(why)] {
    receive_one<leave>();
    exit(why);
  };
}

exited receive_exit_of(pid who) {
  return receive(when([who](const exited& e) { return e.from == who; }, [](exited e) { return e; }));
}

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

class link_of_processes : public node_fixture {};

// OTP: the table of exit signals that come by a link, for a receiver that does not trap exits.

TEST_F(link_of_processes, carries_an_abnormal_end_to_the_other_side) {
  run([] {
    const monitored other = spawn_monitor([] {
      const pid child = spawn_link(ends_with(exit_reason::custom("broken")));
      send(child, leave{});
      receive_one<go>();
    });
    EXPECT_EQ(reason_of(other.ref), exit_reason::custom("broken"));
  });
}

TEST_F(link_of_processes, carries_a_shutdown) {
  run([] {
    const monitored other = spawn_monitor([] {
      send(spawn_link(ends_with(exit_reason::shutdown("tired"))), leave{});
      receive_one<go>();
    });
    EXPECT_EQ(reason_of(other.ref), exit_reason::shutdown("tired"));
  });
}

TEST_F(link_of_processes, lets_a_normal_end_pass) {
  run([] {
    const monitored other = spawn_monitor([parent = self()] {
      const monitored child = spawn_monitor({.link = true}, ends_with(exit_reason::normal()));
      send(child.who, leave{});
      EXPECT_EQ(reason_of(child.ref), exit_reason::normal());
      send(parent, ready{});
      receive_one<go>();
    });
    receive_one<ready>();
    EXPECT_TRUE(alive(other.who));
    send(other.who, go{});
    EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
  });
}

TEST_F(link_of_processes, carries_an_exception_with_type_and_text) {
  run([] {
    const monitored other = spawn_monitor([] {
      spawn_link(bad::crash{"no such room"});
      receive_one<go>();
    });
    const exit_reason why = reason_of(other.ref);
    EXPECT_EQ(why.what(), exit_reason::kind::exception);
    EXPECT_EQ(why.text(), "no such room");
    EXPECT_EQ(why.type(), "std::runtime_error");
  });
}

TEST_F(link_of_processes, turns_kill_into_killed_which_may_be_trapped) {
  run([] {
    trap_exit(true);
    const pid child = spawn_link(bad::hang{});
    exit(child, exit_reason::kill());
    EXPECT_EQ(receive_exit_of(child).reason, exit_reason::killed());
  });
}

TEST_F(link_of_processes, ends_the_other_side_as_killed_when_one_was_killed) {
  run([] {
    const monitored other = spawn_monitor([] {
      exit(spawn_link(bad::hang{}), exit_reason::kill());
      receive_one<go>();
    });
    EXPECT_EQ(reason_of(other.ref), exit_reason::killed());
  });
}

// the same, for one that does

TEST_F(link_of_processes, gives_every_end_as_mail_to_who_traps_exits) {
  run([] {
    EXPECT_FALSE(trap_exit(true));
    for (const exit_reason& why :
         {exit_reason::normal(), exit_reason::shutdown(), exit_reason::custom("x"), exit_reason::killed()}) {
      const pid child = spawn_link(ends_with(why));
      send(child, leave{});
      EXPECT_EQ(receive_exit_of(child).reason, why);
    }
    EXPECT_TRUE(trap_exit(false));
  });
}

TEST_F(link_of_processes, may_be_made_after_spawn_by_either_side) {
  run([] {
    trap_exit(true);
    const pid first = spawn(ends_with(exit_reason::custom("1")));
    link(first);
    send(first, leave{});
    EXPECT_EQ(receive_exit_of(first).reason, exit_reason::custom("1"));
    const pid second = spawn([parent = self()] {
      link(parent);
      send(parent, ready{});
      ends_with(exit_reason::custom("2"))();
    });
    receive_one<ready>();
    send(second, leave{});
    EXPECT_EQ(receive_exit_of(second).reason, exit_reason::custom("2"));
  });
}

TEST_F(link_of_processes, made_twice_is_one) {
  run([] {
    trap_exit(true);
    const monitored child = spawn_monitor({.link = true}, ends_with(exit_reason::custom("once")));
    link(child.who);
    link(child.who);
    send(child.who, leave{});
    receive_exit_of(child.who);
    reason_of(child.ref);
    yield();
    expect_no_mail();
  });
}

TEST_F(link_of_processes, made_by_both_sides_at_once_is_one) {
  for (int round = 0; round < 200; ++round)
    run({.trap_exit = true, .worker = 0}, [] {
      // both ask at the same time: neither has seen the other's wish
      auto both = std::make_shared<std::atomic<int>>(0);
      const auto meet = [](std::atomic<int>& at) {
        ++at;
        while (at != 2) {
        }
      };
      const monitored child = spawn_monitor({.worker = 1}, [both, meet, parent = self()] {
        meet(*both);
        link(parent);
        send(parent, ready{});
        ends_with(exit_reason::custom("once"))();
      });
      meet(*both);
      link(child.who);
      receive_one<ready>();
      send(child.who, leave{});
      receive_exit_of(child.who);
      reason_of(child.ref);
      yield();
      expect_no_mail();
    });
}

TEST_F(link_of_processes, with_oneself_means_nothing) {
  run([] {
    link(self());
    unlink(self());
  });
}

TEST_F(link_of_processes, with_the_dead_is_answered_by_noproc) {
  run([] {
    const monitored child = spawn_monitor([] {});
    reason_of(child.ref);
    const monitored other = spawn_monitor([dead = child.who] {
      link(dead);
      receive_one<go>();
    });
    EXPECT_EQ(reason_of(other.ref), exit_reason::noproc());
    trap_exit(true);
    link(child.who);
    EXPECT_EQ(receive_exit_of(child.who).reason, exit_reason::noproc());
    link(pid());
    EXPECT_EQ(receive_exit_of(pid()).reason, exit_reason::noproc());
  });
}

TEST_F(link_of_processes, that_was_untied_carries_nothing) {
  run([] {
    trap_exit(true);
    const monitored child = spawn_monitor({.link = true}, ends_with(exit_reason::custom("unheard")));
    unlink(child.who);
    unlink(child.who);
    send(child.who, leave{});
    reason_of(child.ref);
    expect_no_mail();
  });
}

TEST_F(link_of_processes, that_was_untied_by_the_other_side_carries_nothing) {
  run([] {
    const monitored child = spawn_monitor({.link = true}, [parent = self()] {
      unlink(parent);
      ends_with(exit_reason::custom("unheard"))();
    });
    send(child.who, leave{});
    EXPECT_EQ(reason_of(child.ref), exit_reason::custom("unheard"));
  });
}

TEST_F(link_of_processes, that_was_untied_and_tied_again_carries_one_end) {
  run([] {
    trap_exit(true);
    const monitored child = spawn_monitor({.link = true}, ends_with(exit_reason::custom("again")));
    unlink(child.who);
    link(child.who);
    send(child.who, leave{});
    EXPECT_EQ(receive_exit_of(child.who).reason, exit_reason::custom("again"));
    reason_of(child.ref);
    expect_no_mail();
  });
}

TEST_F(link_of_processes, gives_either_the_exit_before_unlink_or_none_when_both_race) {
  for (std::size_t round = 0; round < scaled(2000, 200); ++round)
    run({.trap_exit = true}, [] {
      const monitored child = spawn_monitor({.link = true}, ends_with(exit_reason::custom("race")));
      send(child.who, leave{});
      unlink(child.who);
      // what arrived before unlink may lie in the mailbox; after it nothing may come
      receive([](const exited&) {}, after(0s, [] {}));
      reason_of(child.ref);
      expect_no_mail();
    });
}

TEST_F(link_of_processes, carries_an_end_along_a_whole_chain) {
  run([] {
    constexpr int length = 100;
    struct chain {
      static void grow(int left, pid parent) {
        if (left != 0)
          spawn_link([left, parent] { grow(left - 1, parent); });
        else
          send(parent, self());
        receive_one<leave>();
        exit(exit_reason::custom("the last one"));
      }
    };
    const monitored head = spawn_monitor([parent = self()] { chain::grow(length, parent); });
    const auto before = current_node_stats().processes;
    send(receive_one<pid>(), leave{});
    EXPECT_EQ(reason_of(head.ref), exit_reason::custom("the last one"));
    EXPECT_GE(before, 2U);
    yield_until([] { return current_node_stats().processes == 1; });
  });
}

TEST_F(link_of_processes, ends_at_a_process_that_traps) {
  run([] {
    const monitored middle = spawn_monitor({.trap_exit = true}, [parent = self()] {
      const pid child = spawn_link(ends_with(exit_reason::custom("caught")));
      send(child, leave{});
      EXPECT_EQ(receive_exit_of(child).reason, exit_reason::custom("caught"));
      send(parent, ready{});
    });
    receive_one<ready>();
    EXPECT_EQ(reason_of(middle.ref), exit_reason::normal());
  });
}

class exit_signal : public node_fixture {};

// OTP: exit(Pid, Reason)

TEST_F(exit_signal, ends_who_does_not_trap) {
  run([] {
    for (const exit_reason& why : {exit_reason::shutdown(), exit_reason::custom("go away")}) {
      const monitored child = spawn_monitor(bad::hang{});
      exit(child.who, why);
      EXPECT_EQ(reason_of(child.ref), why);
    }
  });
}

TEST_F(exit_signal, of_reason_normal_is_ignored_by_who_does_not_trap) {
  run([] {
    const monitored child = spawn_monitor(ends_with(exit_reason::custom("by itself")));
    exit(child.who, exit_reason::normal());
    send(child.who, leave{});
    EXPECT_EQ(reason_of(child.ref), exit_reason::custom("by itself"));
  });
}

TEST_F(exit_signal, is_mail_for_who_traps) {
  run([] {
    const pid parent = self();
    const monitored child = spawn_monitor({.trap_exit = true}, [parent] {
      for (int i = 0; i < 2; ++i) {
        const auto e = receive_one<exited>();
        EXPECT_EQ(e.from, parent);
        EXPECT_EQ(e.reason, i == 0 ? exit_reason::custom("please") : exit_reason::normal());
      }
    });
    exit(child.who, exit_reason::custom("please"));
    exit(child.who, exit_reason::normal());
    EXPECT_EQ(reason_of(child.ref), exit_reason::normal());
  });
}

TEST_F(exit_signal, of_kill_cannot_be_trapped) {
  run([] {
    const monitored child = spawn_monitor({.trap_exit = true}, bad::trap_exits{});
    exit(child.who, exit_reason::shutdown());
    exit(child.who, exit_reason::kill());
    EXPECT_EQ(reason_of(child.ref), exit_reason::killed());
  });
}

TEST_F(exit_signal, of_killed_is_a_reason_like_any_other) {
  run([] {
    const monitored child = spawn_monitor(
        {.trap_exit = true}, [] { EXPECT_EQ(receive_one<exited>().reason, exit_reason::killed()); });
    exit(child.who, exit_reason::killed());
    EXPECT_EQ(reason_of(child.ref), exit_reason::normal());
  });
}

TEST_F(exit_signal, overtakes_mail_that_waits) {
  run([] {
    const monitored child = spawn_monitor([parent = self()] {
      send(parent, ready{});
      receive_one<go>();
      receive_one<int>();
      ADD_FAILURE() << "it was to end before it reads on";
    });
    receive_one<ready>();
    send(child.who, 1);
    exit(child.who, exit_reason::shutdown());
    send(child.who, go{});
    EXPECT_EQ(reason_of(child.ref), exit_reason::shutdown());
  });
}

TEST_F(exit_signal, the_first_one_gives_the_reason) {
  run([] {
    const monitored child = spawn_monitor([parent = self()] {
      send(parent, ready{});
      receive_one<go>();
    });
    receive_one<ready>();
    exit(child.who, exit_reason::custom("first"));
    exit(child.who, exit_reason::custom("second"));
    EXPECT_EQ(reason_of(child.ref), exit_reason::custom("first"));
  });
}

TEST_F(exit_signal, may_be_sent_to_oneself) {
  run([] {
    const auto ended_by = [](exit_reason why) {
      return reason_of_running([why] {
        exit(self(), why);
        ADD_FAILURE() << "went on after " << why.to_string();
      });
    };
    EXPECT_EQ(ended_by(exit_reason::custom("own will")), exit_reason::custom("own will"));
    EXPECT_EQ(ended_by(exit_reason::kill()), exit_reason::killed());
    EXPECT_EQ(ended_by(exit_reason::normal()), exit_reason::normal());
    trap_exit(true);
    exit(self(), exit_reason::custom("noted"));
    const auto e = receive_one<exited>();
    EXPECT_EQ(e.from, self());
    EXPECT_EQ(e.reason, exit_reason::custom("noted"));
  });
}

TEST_F(exit_signal, may_be_sent_by_an_ordinary_thread) {
  outcome_queue<pid> started;
  outcome_queue<exit_reason> ended;
  spawn([&] {
    const monitored child = spawn_monitor(bad::hang{});
    started.put(child.who);
    ended.put(reason_of(child.ref));
  });
  exit(*started.take(), exit_reason::custom("from outside"));
  EXPECT_EQ(ended.take(), exit_reason::custom("from outside"));
}

TEST_F(exit_signal, to_the_dead_or_to_nobody_means_nothing) {
  run([] {
    const monitored child = spawn_monitor([] {});
    reason_of(child.ref);
    exit(child.who, exit_reason::kill());
    exit(pid(), exit_reason::kill());
  });
}

TEST_F(exit_signal, to_a_process_that_has_not_run_yet_ends_it_before_it_does) {
  run([] {
    std::atomic<bool> ran{false};
    // more than the other worker will have looked at
    std::vector<monitored> children;
    for (int i = 0; i < 100; ++i) {
      children.push_back(spawn_monitor({.worker = 0}, [&] { ran = true; }));
      exit(children.back().who, exit_reason::kill());
    }
    for (const monitored& child : children) {
      const exit_reason why = reason_of(child.ref);
      EXPECT_TRUE(why == exit_reason::killed() || (ran && why == exit_reason::normal())) << why.to_string();
    }
  });
}

TEST_F(exit_signal, comes_again_to_who_swallows_it) {
  run([] {
    const monitored child = spawn_monitor(bad::swallow_everything{});
    exit(child.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(child.ref), exit_reason::shutdown());
  });
}

TEST_F(exit_signal, of_kill_beats_an_end_that_was_ordered_before) {
  run([] {
    const monitored child = spawn_monitor([parent = self()] {
      try {
        send(parent, ready{});
        receive_one<go>();
      } catch (...) {
        send(parent, ready{});
        try {
          receive_one<go>();
        } catch (...) {
        }
        // still here: until the kill has come
        for (;;) {
          try {
            yield();
          } catch (const core::process_exit& e) {
            if (e.reason == exit_reason::killed())
              throw;
          }
        }
      }
    });
    receive_one<ready>();
    exit(child.who, exit_reason::shutdown());
    receive_one<ready>();
    exit(child.who, exit_reason::kill());
    EXPECT_EQ(reason_of(child.ref), exit_reason::killed());
  });
}

} // namespace
} // namespace perron::runtime
