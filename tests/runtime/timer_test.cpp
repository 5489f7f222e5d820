// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/timer.hpp>

#include "support/node_fixture.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct tick {
  int number = 0;
};
struct go {};

void expect_no_mail() {
  receive([](any_message m) { ADD_FAILURE() << "unexpected: " << m.type().name(); }, after(0s, [] {}));
}

/// When the errands of cancelled timers have been run.
void await_no_timers() {
  yield_until([] { return current_node_stats().timers == 0; });
}

class timer_of_messages : public node_fixture {};

TEST_F(timer_of_messages, sends_when_its_time_has_come_and_not_before) {
  run([] {
    for (const auto time : {0ms, 1ms, 2ms, 7ms}) {
      const auto start = clock::now();
      send_after(time, self(), tick{1});
      receive_one<tick>();
      EXPECT_GE(clock::now() - start, time);
    }
    send_after(-1h, self(), tick{});
    receive_one<tick>();
  });
}

TEST_F(timer_of_messages, keeps_the_order_of_due_times) {
  run([] {
    send_after(30ms, self(), tick{3});
    send_after(10ms, self(), tick{1});
    send_after(20ms, self(), tick{2});
    for (int i = 1; i <= 3; ++i)
      EXPECT_EQ(receive_one<tick>().number, i);
  });
}

TEST_F(timer_of_messages, carries_what_can_only_be_moved) {
  run([] {
    send_after(1ms, self(), std::make_unique<int>(8));
    EXPECT_EQ(*receive_one<std::unique_ptr<int>>(), 8);
  });
}

TEST_F(timer_of_messages, goes_on_when_its_reference_is_dropped) {
  run([] {
    { const timer_ref dropped = send_after(1ms, self(), tick{}); }
    receive_one<tick>();
  });
}

TEST_F(timer_of_messages, may_be_sent_to_others_and_from_an_ordinary_thread) {
  event came;
  const pid other = node().spawn([&] {
    receive_one<tick>();
    came.happen();
  });
  const timer_ref held = send_after(1ms, other, tick{});
  came.await("the timer's message");
}

TEST_F(timer_of_messages, that_is_cancelled_sends_nothing_and_tells_the_time_left) {
  run([] {
    timer_ref t = send_after(1h, self(), tick{});
    const auto left = t.cancel();
    ASSERT_TRUE(left.has_value());
    EXPECT_LE(*left, 1h + 2ms); // rounded up to whole ticks
    EXPECT_GT(*left, 50min);
    EXPECT_EQ(t.cancel(), std::nullopt) << "cancelled before";
    expect_no_mail();
    await_no_timers();
  });
}

TEST_F(timer_of_messages, that_went_off_cannot_be_cancelled) {
  run([] {
    timer_ref t = send_after(1ms, self(), tick{});
    receive_one<tick>();
    EXPECT_EQ(t.cancel(), std::nullopt);
    EXPECT_EQ(timer_ref().cancel(), std::nullopt);
  });
}

TEST_F(timer_of_messages, that_is_cancelled_destroys_its_message) {
  run([] {
    const auto held = std::make_shared<int>(1);
    timer_ref t = send_after(1h, self(), held);
    EXPECT_EQ(held.use_count(), 2);
    t.cancel();
    yield_until([&] { return held.use_count() == 1; });
  });
}

TEST_F(timer_of_messages, may_be_cancelled_from_another_worker) {
  run({.worker = 0}, [] {
    for (int i = 0; i < 200; ++i) {
      const monitored other = spawn_monitor({.worker = 1}, [t = send_after(1h, self(), tick{})]() mutable {
        EXPECT_TRUE(t.cancel().has_value());
      });
      EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
    }
    expect_no_mail();
    await_no_timers();
  });
}

TEST_F(timer_of_messages, may_be_cancelled_by_an_ordinary_thread) {
  const pid nobody = node().spawn([] { receive_one<go>(); });
  for (int i = 0; i < 2000; ++i) {
    timer_ref t = send_after(1h, nobody, tick{});
    EXPECT_TRUE(t.cancel().has_value());
  }
  send(nobody, go{});
  run([] { await_no_timers(); });
}

TEST_F(timer_of_messages, either_goes_off_or_is_cancelled_when_both_race) {
  run({.worker = 0}, [] {
    for (int i = 0; i < static_cast<int>(scaled(300, 100)); ++i) {
      const monitored other =
          spawn_monitor({.worker = 1}, [t = send_after(1ms, self(), tick{i}), i, parent = self()]() mutable {
            if (i % 3 != 0)
              sleep_for(1ms);
            send(parent, t.cancel().has_value());
          });
      const bool cancelled = receive_one<bool>();
      EXPECT_EQ(reason_of(other.ref), exit_reason::normal());
      if (cancelled)
        expect_no_mail();
      else
        EXPECT_EQ(receive_one<tick>().number, i);
    }
    await_no_timers();
  });
}

TEST_F(timer_of_messages, to_the_dead_does_nothing) {
  run([] {
    const monitored child = spawn_monitor([] { receive_one<go>(); });
    const auto held = std::make_shared<int>(1);
    send_after(5ms, child.who, held);
    send_interval(1ms, child.who, held);
    send(child.who, go{});
    reason_of(child.ref);
    yield_until([&] { return held.use_count() == 1; });
    await_no_timers();
  });
}

TEST_F(timer_of_messages, repeats_until_cancelled) {
  run([] {
    timer_ref t = send_interval(1ms, self(), tick{4});
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(receive_one<tick>().number, 4);
    EXPECT_TRUE(t.cancel().has_value());
    receive([](tick) {}, after(0s, [] {})); // one may have come before
    await_no_timers();
    while (receive([](tick) { return true; }, after(0s, [] { return false; }))) {
    }
    sleep_for(3ms);
    expect_no_mail();
  });
}

TEST_F(timer_of_messages, repeats_at_its_period_however_late_it_is_read) {
  run([] {
    const auto start = clock::now();
    timer_ref t = send_interval(2ms, self(), tick{});
    for (int i = 0; i < 5; ++i)
      receive_one<tick>();
    EXPECT_GE(clock::now() - start, 10ms);
    sleep_for(20ms);
    for (int i = 0; i < 10; ++i)
      receive_one<tick>(); // none is left out
    t.cancel();
  });
}

TEST_F(timer_of_messages, ends_with_the_process_it_repeats_for) {
  run([] {
    const monitored child = spawn_monitor([] {
      send_interval(1ms, self(), tick{});
      receive_one<tick>();
    });
    EXPECT_EQ(reason_of(child.ref), exit_reason::normal());
    await_no_timers();
  });
}

TEST_F(timer_of_messages, counts_ten_thousands_of_them) {
  run([] {
    const int many = static_cast<int>(scaled(50'000, 5000));
    std::vector<timer_ref> armed;
    for (int i = 0; i < many; ++i)
      armed.push_back(send_after(1h + std::chrono::milliseconds(i), self(), tick{i}));
    EXPECT_EQ(current_node_stats().timers, static_cast<std::uint64_t>(many));
    for (int i = 0; i < many; i += 2)
      EXPECT_TRUE(armed[static_cast<std::size_t>(i)].cancel().has_value());
    yield_until([&] { return current_node_stats().timers == static_cast<std::uint64_t>(many / 2); });
    for (int i = 1; i < many; i += 2)
      EXPECT_TRUE(armed[static_cast<std::size_t>(i)].cancel().has_value());
    await_no_timers();
  });
}

TEST_F(timer_of_messages, goes_off_on_a_worker_that_has_much_to_do) {
  run({.worker = 0}, [] {
    const monitored busy = spawn_monitor({.worker = 0}, [] {
      while (receive([](go) { return false; }, after(0s, [] { return true; })))
        yield();
    });
    for (int i = 0; i < 10; ++i) {
      send_after(1ms, self(), tick{i});
      EXPECT_EQ(receive_one<tick>().number, i);
    }
    send(busy.who, go{});
    reason_of(busy.ref);
  });
}

TEST_F(timer_of_messages, that_is_armed_when_the_node_stops_is_freed_with_it) {
  const auto held = std::make_shared<int>(1);
  run([&] {
    send_after(1h, self(), held);
    send_interval(1h, self(), held);
  });
  timer_ref kept;
  run([&] { kept = send_after(1h, self(), held); });
  stop();
  EXPECT_EQ(held.use_count(), 1);
}

} // namespace
} // namespace perron::runtime
