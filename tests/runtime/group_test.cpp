// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/group.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};
struct joined {};
struct leave {};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

/// Joins, says so, and stays until told to go.
monitored member_of(std::string group) {
  const monitored made = spawn_monitor([group = std::move(group), parent = self()] {
    join_group(group);
    send(parent, joined{});
    receive_one<go>();
  });
  receive_one<joined>();
  return made;
}

class process_group : public node_fixture {};

TEST_F(process_group, has_its_members_in_the_order_of_joining) {
  run([] {
    EXPECT_TRUE(group_members("room").empty());
    std::vector<pid> expected;
    for (int i = 0; i < 5; ++i)
      expected.push_back(member_of("room").who);
    EXPECT_EQ(group_members("room"), expected);
    EXPECT_TRUE(group_members("other").empty());
  });
}

TEST_F(process_group, keeps_its_order_when_many_leave) {
  run([] {
    std::vector<monitored> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(member_of("room"));
    std::vector<pid> expected;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (i % 5 == 2) {
        expected.push_back(all[i].who);
      } else {
        send(all[i].who, go{});
        EXPECT_EQ(reason_of(all[i].ref), exit_reason::normal());
      }
    EXPECT_EQ(group_members("room"), expected);
    expected.push_back(member_of("room").who);
    EXPECT_EQ(group_members("room"), expected);
  });
}

TEST_F(process_group, may_be_joined_twice_and_left_twice) {
  run([] {
    join_group("g");
    join_group("g");
    EXPECT_EQ(group_members("g"), (std::vector{self(), self()}));
    EXPECT_TRUE(leave_group("g"));
    EXPECT_EQ(group_members("g"), std::vector{self()});
    EXPECT_TRUE(leave_group("g"));
    EXPECT_FALSE(leave_group("g"));
    EXPECT_FALSE(leave_group("never joined"));
  });
}

TEST_F(process_group, loses_a_member_before_anybody_is_told_of_its_end) {
  run([] {
    for (int i = 0; i < 100; ++i) {
      const monitored m = member_of("g");
      if (i % 2 == 0)
        send(m.who, go{});
      else
        exit(m.who, exit_reason::kill());
      reason_of(m.ref);
      EXPECT_TRUE(group_members("g").empty());
    }
  });
}

TEST_F(process_group, of_several_is_left_by_who_ends_all_at_once) {
  run([] {
    const monitored m = spawn_monitor([parent = self()] {
      for (const char* group : {"a", "b", "c", "a"})
        join_group(group);
      send(parent, joined{});
      receive_one<go>();
    });
    receive_one<joined>();
    EXPECT_EQ(group_members("a").size(), 2U);
    send(m.who, go{});
    reason_of(m.ref);
    for (const char* group : {"a", "b", "c"})
      EXPECT_TRUE(group_members(group).empty());
  });
}

TEST_F(process_group, gets_a_copy_each_of_what_is_broadcast) {
  run([] {
    std::vector<monitored> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(spawn_monitor([parent = self()] {
        join_group("audience");
        send(parent, joined{});
        EXPECT_EQ(receive_one<std::string>(), "to all");
      }));
    for (std::size_t i = 0; i < all.size(); ++i)
      receive_one<joined>();
    EXPECT_EQ(broadcast("audience", std::string("to all")), 10U);
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    EXPECT_EQ(broadcast("audience", std::string("to nobody")), 0U);
  });
}

TEST_F(process_group, tells_watchers_who_comes_and_goes_in_order) {
  run([] {
    watch_group("g");
    const monitored first = member_of("g");
    const monitored second = member_of("g");
    send(first.who, go{});
    reason_of(first.ref);
    exit(second.who, exit_reason::kill());
    reason_of(second.ref);
    for (const auto& [who, came] :
         {std::pair{first.who, true}, {second.who, true}, {first.who, false}, {second.who, false}}) {
      const auto change = receive_one<group_change>();
      EXPECT_EQ(change.group, "g");
      EXPECT_EQ(change.who, who);
      EXPECT_EQ(change.joined, came);
    }
    unwatch_group("g");
    member_of("g");
    expect_no_mail();
  });
}

TEST_F(process_group, does_not_tell_of_other_groups) {
  run([] {
    watch_group("watched");
    member_of("other");
    expect_no_mail();
    unwatch_group("never watched");
    unwatch_group("watched");
  });
}

TEST_F(process_group, forgets_a_watcher_that_has_ended) {
  run([] {
    const monitored watcher = spawn_monitor([parent = self()] {
      watch_group("g");
      send(parent, joined{});
      receive_one<go>();
    });
    receive_one<joined>();
    send(watcher.who, go{});
    reason_of(watcher.ref);
    member_of("g");
  });
}

TEST_F(process_group, may_be_asked_by_an_ordinary_thread) {
  event in;
  const pid m = node().spawn([&] {
    join_group("g");
    in.happen();
    receive_one<go>();
  });
  in.await("joining");
  EXPECT_EQ(group_members("g"), std::vector{m});
  EXPECT_EQ(broadcast("g", go{}), 1U);
}

TEST_F(process_group, counts_right_when_many_come_and_go_at_once) {
  run([] {
    std::vector<monitored> all;
    for (std::size_t i = 0; i < scaled(200, 50); ++i)
      all.push_back(spawn_monitor([parent = self()] {
        for (int round = 0; round < 20; ++round) {
          join_group("crowd");
          if (round % 2 == 1) {
            EXPECT_TRUE(leave_group("crowd"));
          }
        }
        send(parent, joined{});
        receive_one<leave>();
      }));
    for (std::size_t i = 0; i < all.size(); ++i)
      receive_one<joined>();
    EXPECT_EQ(group_members("crowd").size(), 10 * all.size());
    for (const monitored& m : all)
      send(m.who, leave{});
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    EXPECT_TRUE(group_members("crowd").empty());
  });
}

} // namespace
} // namespace perron::runtime
