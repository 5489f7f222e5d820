// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>
#include <perron/runtime/timer.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/inspect.hpp>

#include <memory>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

struct go {};
struct ask {
  pid from;
};
struct woken {
  int times = 0;
};

bool hibernates(pid who) {
  return who.slot()->state.load() == core::process_state::hibernating && who.slot()->door.is_parked();
}

/// Answers each ask and hibernates in between.
struct sleeper {
  int times = 0;
  void operator()() {
    const auto asked = receive_one<ask>();
    ++times;
    send(asked.from, woken{times});
    hibernate(std::move(*this));
  }
};

class hibernation : public node_fixture {};

TEST_F(hibernation, goes_on_with_the_given_function_when_a_message_comes) {
  run([] {
    const pid s = spawn(sleeper{});
    for (int i = 1; i <= 20; ++i) {
      send(s, ask{self()});
      EXPECT_EQ(receive_one<woken>().times, i);
      yield_until([&] { return hibernates(s); });
    }
  });
}

TEST_F(hibernation, gives_the_stack_back) {
  run([] {
    const pid s = spawn(sleeper{});
    send(s, ask{self()});
    receive_one<woken>();
    yield_until([&] { return hibernates(s); });
    EXPECT_EQ(info(s)->stack_bytes, 0U);
  });
}

TEST_F(hibernation, unwinds_the_frames_it_leaves_behind) {
  run([] {
    const auto held = std::make_shared<int>(1);
    const pid s = spawn([held] {
      const std::vector<std::shared_ptr<int>> more(10, held);
      hibernate([] { receive_one<go>(); });
    });
    yield_until([&] { return hibernates(s); });
    EXPECT_EQ(held.use_count(), 1);
    const monitor_ref ref = monitor(s);
    send(s, go{});
    EXPECT_EQ(reason_of(ref), exit_reason::normal());
  });
}

TEST_F(hibernation, keeps_mail_that_was_there_and_does_not_sleep_on_it) {
  run([] {
    const pid parent = self();
    const monitored s = spawn_monitor([parent] {
      receive_one<go>();
      hibernate([parent] { send(parent, woken{receive_one<int>()}); });
    });
    send(s.who, 5);
    send(s.who, go{});
    EXPECT_EQ(receive_one<woken>().times, 5);
    EXPECT_EQ(reason_of(s.ref), exit_reason::normal());
  });
}

TEST_F(hibernation, keeps_its_continuation_alive_and_destroys_it_at_the_end) {
  run([] {
    const auto held = std::make_shared<std::string>("kept");
    const monitored s = spawn_monitor([held] {
      hibernate([held] {
        receive_one<go>();
        EXPECT_EQ(*held, "kept");
      });
    });
    yield_until([&] { return hibernates(s.who); });
    EXPECT_EQ(held.use_count(), 2);
    exit(s.who, exit_reason::kill());
    EXPECT_EQ(reason_of(s.ref), exit_reason::killed());
    EXPECT_EQ(held.use_count(), 1);
  });
}

// OTP hibernate/3: the process is awakened when a message is sent to it.
TEST_F(hibernation, is_not_ended_by_signals_that_are_no_message) {
  run([] {
    const monitored s = spawn_monitor([parent = self()] {
      hibernate(
          [parent] { send(parent, woken{receive([](go) { return 1; }, after(0s, [] { return 0; }))}); });
    });
    yield_until([&] { return hibernates(s.who); });
    for (int i = 0; i < 10; ++i) {
      const monitor_ref more = monitor(s.who);
      demonitor(more);
      link(s.who);
      unlink(s.who);
      exit(s.who, exit_reason::normal());
    }
    yield_until([&] { return hibernates(s.who); });
    send(s.who, go{});
    EXPECT_EQ(receive_one<woken>().times, 1) << "it ran on without a message";
    EXPECT_EQ(reason_of(s.ref), exit_reason::normal());
  });
}

TEST_F(hibernation, keeps_links_monitors_and_names) {
  run({.trap_exit = true}, [] {
    const monitored s = spawn_monitor({.name = "bear", .link = true}, [] {
      hibernate([] {
        receive_one<go>();
        exit(exit_reason::custom("spring"));
      });
    });
    yield_until([&] { return hibernates(s.who); });
    EXPECT_EQ(whereis("bear"), s.who);
    send("bear", go{});
    EXPECT_EQ(reason_of(s.ref), exit_reason::custom("spring"));
    EXPECT_EQ(receive_one<exited>().reason, exit_reason::custom("spring"));
  });
}

TEST_F(hibernation, ends_by_timers_like_by_any_message) {
  run([] {
    const monitored s = spawn_monitor([] {
      send_after(2ms, self(), go{});
      hibernate([] { receive_one<go>(); });
    });
    EXPECT_EQ(reason_of(s.ref), exit_reason::normal());
  });
}

TEST_F(hibernation, ends_by_an_exit_signal) {
  run([] {
    const monitored s = spawn_monitor([] { hibernate([] { ADD_FAILURE() << "it was to end"; }); });
    yield_until([&] { return hibernates(s.who); });
    exit(s.who, exit_reason::shutdown());
    EXPECT_EQ(reason_of(s.ref), exit_reason::shutdown());
  });
}

TEST_F(hibernation, of_many_costs_no_stacks_and_all_wake) {
  run([] {
    const std::size_t many = scaled(20'000, 2000);
    std::vector<pid> all;
    for (std::size_t i = 0; i < many; ++i)
      all.push_back(spawn([] { hibernate([] { send(receive_one<ask>().from, woken{}); }); }));
    for (const pid s : all)
      yield_until([&] { return hibernates(s); });
    for (const pid s : all)
      send(s, ask{self()});
    for (std::size_t i = 0; i < many; ++i)
      receive_one<woken>();
  });
}

} // namespace
} // namespace perron::runtime
