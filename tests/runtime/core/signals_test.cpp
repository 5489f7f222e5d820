// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/signals.hpp>

#include "support/bad_processes.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/core/scheduler.hpp>

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

/// A sender that is held up between its look at a slot and its push finds the slot's next process.
class late_signal : public testing::one_worker_fixture {};

TEST_F(late_signal, that_reaches_the_next_process_of_a_slot_is_answered) {
  run([] {
    const pid now = spawn(bad::hang{});
    core::process& slot = *now.slot();
    const pid before(&slot, now.id() + 1'000'000);
    core::process& me = detail::current();
    const monitor_ref ref{core::fresh_number(*me.sched)};
    me.tied().monitors.add({before, ref.value});
    auto* late = core::plain_signal(core::envelope_kind::monitor, self(), ref.value);
    late->target = before.id();
    ASSERT_EQ(slot.door.push(late), core::doorway<core::envelope>::pushed::queued);
    const down told = receive_one<down>();
    EXPECT_EQ(told.ref, ref);
    EXPECT_EQ(told.who, before);
    EXPECT_EQ(told.reason, exit_reason::noproc());
    exit(now, exit_reason::kill());
  });
}

} // namespace
} // namespace perron::runtime
