// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/inspect.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};
struct question {
  using reply = int;
};

/// Looks until the process is parked and all of it can be read.
process_info complete_info(pid who) {
  process_info out;
  yield_until([&] {
    const auto seen = info(who);
    if (seen && seen->complete)
      out = *seen;
    return seen && seen->complete;
  });
  return out;
}

class inspection : public node_fixture {};

TEST_F(inspection, lists_every_process) {
  run([] {
    std::vector<pid> expected{self()};
    for (int i = 0; i < 100; ++i)
      expected.push_back(spawn(bad::hang{}));
    auto found = processes();
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(found, expected);
  });
}

TEST_F(inspection, tells_what_a_waiting_process_is_and_does) {
  run([] {
    const pid partner = spawn(bad::hang{});
    const monitored child = spawn_monitor({.name = "watched", .trap_exit = true, .worker = 1}, [partner] {
      link(partner);
      monitor(partner);
      receive_one<go>();
    });
    for (int i = 0; i < 3; ++i)
      send(child.who, i);
    yield_until([&] { return complete_info(child.who).links.size() == 1; });
    const process_info seen = complete_info(child.who);
    EXPECT_EQ(seen.who, child.who);
    EXPECT_EQ(seen.name, "watched");
    EXPECT_EQ(seen.state, process_state::waiting);
    EXPECT_EQ(seen.waits_for, wait_kind::receive);
    EXPECT_EQ(seen.mailbox, 3U);
    EXPECT_EQ(mails_waiting(seen.who), 3U);
    EXPECT_EQ(seen.worker, 1);
    EXPECT_TRUE(seen.trap_exit);
    EXPECT_EQ(seen.links, std::vector{partner});
    EXPECT_EQ(seen.monitors, std::vector{partner});
    EXPECT_EQ(seen.watchers, std::vector{self()});
    EXPECT_EQ(seen.ancestors, std::vector{self()});
    EXPECT_NE(seen.initial.find("inspection"), std::string::npos) << seen.initial;
    EXPECT_GT(seen.stack_bytes, 0U);
    EXPECT_GT(seen.memory, seen.stack_bytes);
  });
}

TEST_F(inspection, tells_what_is_waited_for) {
  run([] {
    const pid server = spawn(bad::hang{});
    const pid full = spawn({.mailbox_bound = 1, .when_full = mailbox_policy::wait}, bad::hang{});
    send(full, 1);
    event may_end;
    const monitored calling =
        spawn_monitor([server] { static_cast<void>(call(server, question{}, no_timeout)); });
    const monitored sending = spawn_monitor([full] { send(full, 2); });
    const monitored blocked = spawn_monitor([&] { blocking([&] { may_end.await(); }); });
    for (const auto& [who, what] : {std::pair{calling.who, wait_kind::call},
                                    {sending.who, wait_kind::room},
                                    {blocked.who, wait_kind::blocking}})
      EXPECT_EQ(complete_info(who).waits_for, what) << to_string(what);
    EXPECT_EQ(complete_info(server).watchers, std::vector{calling.who}) << "who calls, watches";
    may_end.happen();
    reason_of(blocked.ref);
  });
}

TEST_F(inspection, tells_of_hibernation_that_there_is_no_stack) {
  run([] {
    const pid sleeper = spawn([] { hibernate([] { receive_one<go>(); }); });
    yield_until([&] { return info(sleeper)->state == process_state::hibernating; });
    EXPECT_EQ(complete_info(sleeper).stack_bytes, 0U);
    EXPECT_EQ(info(sleeper)->state, process_state::hibernating);
  });
}

TEST_F(inspection, tells_the_little_that_is_known_of_one_that_runs) {
  run([] {
    const bad::spin spinning;
    const monitored spinner = spawn_monitor(spinning);
    yield_until([&] { return info(spinner.who)->state == process_state::running; });
    EXPECT_FALSE(info(spinner.who)->complete);
    *spinning.enough = true;
    reason_of(spinner.ref);
  });
}

TEST_F(inspection, of_oneself_is_complete) {
  run([] {
    const auto mine = info(self());
    ASSERT_TRUE(mine.has_value());
    EXPECT_TRUE(mine->complete);
    EXPECT_EQ(mine->state, process_state::running);
  });
}

TEST_F(inspection, of_the_dead_gives_nothing) {
  run([] {
    const monitored child = spawn_monitor([] {});
    reason_of(child.ref);
    EXPECT_FALSE(info(child.who).has_value());
    EXPECT_FALSE(info(pid()).has_value());
  });
}

TEST_F(inspection, wakes_nobody_and_loses_no_message) {
  run([] {
    // looked at without end while messages go to and fro
    const monitored echo = spawn_monitor([parent = self()] {
      for (;;)
        receive([&](int n) { send(parent, n); }, [](go) { exit(exit_reason::normal()); });
    });
    std::atomic<bool> enough{false};
    const monitored looking = spawn_monitor([&, who = echo.who, parent = self()] {
      while (!enough) {
        static_cast<void>(info(who));
        static_cast<void>(info(parent));
        if (processes().size() != 3)
          ADD_FAILURE() << "three processes there are";
        yield();
      }
    });
    for (int i = 0; i < static_cast<int>(scaled(20'000, 2000)); ++i) {
      send(echo.who, i);
      ASSERT_EQ(receive_one<int>(), i);
    }
    enough = true;
    reason_of(looking.ref);
    send(echo.who, go{});
    EXPECT_EQ(reason_of(echo.ref), exit_reason::normal());
  });
}

TEST_F(inspection, may_be_made_by_an_ordinary_thread) {
  event waiting;
  const pid who = node().spawn({.name = "seen from outside"}, [&] {
    waiting.happen();
    receive_one<go>();
  });
  waiting.await();
  const auto seen = info(who);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->name, "seen from outside");
  EXPECT_EQ(processes(), std::vector{who});
}

} // namespace
} // namespace perron::runtime
