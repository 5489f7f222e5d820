// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/signals.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

namespace perron::runtime {
namespace {

using testing::reason_of;
namespace bad = testing::bad;

/// On one worker a process that was spawned does not run before its spawner waits.
class two_fatal_signals : public testing::one_worker_fixture {};

TEST_F(two_fatal_signals, the_first_says_why_a_process_ended) {
  run([] {
    const monitored child = spawn_monitor(bad::hang{});
    exit(child.who, exit_reason::shutdown());
    exit(child.who, exit_reason::kill());
    EXPECT_EQ(reason_of(child.ref), exit_reason::shutdown());
    const monitored other = spawn_monitor(bad::hang{});
    exit(other.who, exit_reason::kill());
    exit(other.who, exit_reason::custom("late"));
    EXPECT_EQ(reason_of(other.ref), exit_reason::killed());
  });
}

TEST_F(two_fatal_signals, one_that_is_trapped_is_not_fatal) {
  run([] {
    const monitored child = spawn_monitor({.trap_exit = true}, bad::hang{});
    exit(child.who, exit_reason::shutdown());
    exit(child.who, exit_reason::kill());
    EXPECT_EQ(reason_of(child.ref), exit_reason::killed());
  });
}

} // namespace
} // namespace perron::runtime
