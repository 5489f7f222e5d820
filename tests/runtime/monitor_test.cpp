// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct ready {};
struct leave {};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

class process_monitor : public node_fixture {};

TEST_F(process_monitor, tells_the_reason_whatever_it_is) {
  run([] {
    EXPECT_EQ(reason_of_running([] {}), exit_reason::normal());
    EXPECT_EQ(reason_of_running([] { exit(exit_reason::shutdown("x")); }), exit_reason::shutdown("x"));
    const exit_reason crashed = reason_of_running(bad::crash{"y"});
    EXPECT_EQ(crashed.what(), exit_reason::kind::exception);
    EXPECT_EQ(crashed.text(), "y");
  });
}

TEST_F(process_monitor, tells_who_and_which_monitor) {
  run([] {
    const monitored child = spawn_monitor([] {});
    const down d = receive_one<down>();
    EXPECT_EQ(d.who, child.who);
    EXPECT_EQ(d.ref, child.ref);
  });
}

TEST_F(process_monitor, of_the_dead_tells_noproc_at_once) {
  run([] {
    const monitored child = spawn_monitor([] {});
    reason_of(child.ref);
    EXPECT_EQ(reason_of(monitor(child.who)), exit_reason::noproc());
    EXPECT_EQ(reason_of(monitor(pid())), exit_reason::noproc());
  });
}

TEST_F(process_monitor, works_in_one_direction_only) {
  run([] {
    const monitored other = spawn_monitor([parent = self()] {
      monitor(parent);
      send(parent, ready{});
    });
    receive_one<ready>();
    EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
    expect_no_mail();
  });
}

TEST_F(process_monitor, of_a_crash_does_not_end_who_watches) {
  run([] {
    EXPECT_EQ(reason_of_running(bad::crash{}).what(), exit_reason::kind::exception);
    EXPECT_EQ(reason_of_running([] { exit(self(), exit_reason::kill()); }), exit_reason::killed());
  });
}

TEST_F(process_monitor, made_twice_tells_twice) {
  run([] {
    const pid child = spawn([] { receive_one<leave>(); });
    const monitor_ref first = monitor(child);
    const monitor_ref second = monitor(child);
    EXPECT_NE(first, second);
    send(child, leave{});
    reason_of(second);
    reason_of(first);
    expect_no_mail();
  });
}

TEST_F(process_monitor, taken_back_leaves_others_of_the_same_process_alone) {
  run([] {
    const pid child = spawn([] { receive_one<leave>(); });
    const monitor_ref first = monitor(child);
    const monitor_ref second = monitor(child);
    EXPECT_TRUE(demonitor(first));
    send(child, leave{});
    EXPECT_EQ(receive_one<down>().ref, second);
    expect_no_mail();
  });
}

TEST_F(process_monitor, of_oneself_can_be_taken_back) {
  run([] {
    const monitor_ref ref = monitor(self());
    EXPECT_TRUE(demonitor(ref));
    EXPECT_FALSE(demonitor(ref));
    expect_no_mail();
  });
}

TEST_F(process_monitor, taken_back_in_time_tells_nothing) {
  run([] {
    const monitored child = spawn_monitor([] { receive_one<leave>(); });
    const monitor_ref second = monitor(child.who);
    EXPECT_TRUE(demonitor(child.ref));
    send(child.who, leave{});
    reason_of(second);
    expect_no_mail();
    EXPECT_FALSE(demonitor(child.ref));
    EXPECT_FALSE(demonitor(monitor_ref{}));
  });
}

TEST_F(process_monitor, taken_back_with_flush_takes_its_down_out_of_the_mailbox) {
  run([] {
    const monitored child = spawn_monitor([] {});
    const monitor_ref second = monitor(child.who);
    reason_of(second);
    EXPECT_FALSE(demonitor(child.ref, true)) << "it had told already";
    expect_no_mail();
  });
}

TEST_F(process_monitor, taken_back_without_flush_leaves_its_down_in_the_mailbox) {
  run([] {
    const monitored child = spawn_monitor([] {});
    reason_of(monitor(child.who));
    EXPECT_FALSE(demonitor(child.ref, false));
    EXPECT_EQ(receive_one<down>().ref, child.ref);
  });
}

TEST_F(process_monitor, flushes_no_other_down) {
  run([] {
    std::vector<monitored> children;
    for (int i = 0; i < 5; ++i)
      children.push_back(spawn_monitor([] {}));
    for (const monitored& child : children)
      yield_until([&] { return !alive(child.who); });
    reason_of(monitor(children.back().who));
    demonitor(children[2].ref);
    for (const int i : {4, 3, 1, 0})
      EXPECT_EQ(reason_of(children[static_cast<std::size_t>(i)].ref), exit_reason::normal());
    expect_no_mail();
  });
}

TEST_F(process_monitor, races_with_the_end_and_after_flush_nothing_comes) {
  for (std::size_t round = 0; round < scaled(3000, 300); ++round)
    run([] {
      const monitored child = spawn_monitor([] { receive_one<leave>(); });
      const monitor_ref second = monitor(child.who);
      send(child.who, leave{});
      demonitor(child.ref);
      reason_of(second);
      expect_no_mail();
    });
}

TEST_F(process_monitor, tells_after_all_messages_that_were_sent_before_the_end) {
  run([] {
    for (std::size_t round = 0; round < scaled(300, 50); ++round) {
      const monitored child = spawn_monitor([parent = self()] {
        for (int i = 0; i < 10; ++i)
          send(parent, i);
      });
      for (int i = 0; i < 10; ++i)
        receive([&](int got) { EXPECT_EQ(got, i); },
                [](const down&) { ADD_FAILURE() << "told of the end before the last message"; });
      reason_of(child.ref);
    }
  });
}

TEST_F(process_monitor, tells_exactly_once_for_each_of_many) {
  run([] {
    const std::size_t many = scaled(10'000, 1000);
    std::vector<monitored> children;
    for (std::size_t i = 0; i < many; ++i)
      children.push_back(spawn_monitor([] {}));
    for (std::size_t i = 0; i < many; ++i)
      EXPECT_EQ(receive_one<down>().reason, exit_reason::normal());
    expect_no_mail();
    for (const monitored& child : children)
      EXPECT_FALSE(demonitor(child.ref));
  });
}

TEST_F(process_monitor, tells_many_who_watch_the_same) {
  run([] {
    constexpr int many = 200;
    const pid watched = spawn([] {
      receive_one<leave>();
      exit(exit_reason::custom("seen by all"));
    });
    std::vector<monitored> watchers;
    for (int i = 0; i < many; ++i)
      watchers.push_back(spawn_monitor([watched, parent = self()] {
        const monitor_ref ref = monitor(watched);
        send(parent, ready{});
        EXPECT_EQ(reason_of(ref), exit_reason::custom("seen by all"));
      }));
    for (int i = 0; i < many; ++i)
      receive_one<ready>();
    send(watched, leave{});
    for (const monitored& w : watchers)
      EXPECT_EQ(reason_of(w.ref), exit_reason::normal());
  });
}

TEST_F(process_monitor, is_forgotten_by_the_watched_when_the_watcher_ends) {
  run([] {
    const pid watched = spawn([parent = self()] {
      receive_one<leave>();
      yield_until([] { return !detail::current().ties || detail::current().ties->watchers.empty(); });
      send(parent, ready{});
    });
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(reason_of_running([watched] { monitor(watched); }), exit_reason::normal());
    send(watched, leave{});
    receive_one<ready>();
  });
}

} // namespace
} // namespace perron::runtime
