// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "runtime/engine_round.hpp"
#include "support/sanitizers.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::runtime::stress {

using namespace std::chrono_literals;
using perron::testing::scaled;

/// One process of the crowd. It may be killed anywhere; its destructor then still runs and closes its
/// accounts.
class actor {
public:
  actor(shared_round round, std::uint64_t seed, int steps)
      : round_(std::move(round)), random_(seed), steps_(steps) {}
  actor(actor&& other) noexcept
      : round_(std::move(other.round_)), random_(other.random_), steps_(other.steps_),
        monitors_(std::move(other.monitors_)) {}
  ~actor() {
    if (round_)
      round_->ended.fetch_add(1, std::memory_order_relaxed);
  }

  void operator()() {
    round_->put(random_(), self());
    if (random_() % 3 == 0)
      trap_exit(true);
    while (steps_-- > 0 && !round_->over.load(std::memory_order_relaxed))
      step();
    settle();
  }

  static void spawn_one(const shared_round& round, std::mt19937_64& random) {
    spawn_options options;
    if (random() % 8 == 0)
      options.worker = static_cast<int>(random() % 4);
    if (random() % 6 == 0) {
      options.mailbox_bound = 1 + static_cast<std::uint32_t>(random() % 8);
      // none that waits: two who wait for room at each other's would rightly never end
      options.when_full = random() % 2 == 0 ? mailbox_policy::refuse : mailbox_policy::kill;
    }
    options.link = self_or_none() && random() % 4 == 0;
    options.trap_exit = random() % 4 == 0;
    const int steps = 5 + static_cast<int>(random() % 60);
    round->spawned.fetch_add(1, std::memory_order_relaxed);
    spawn(options, actor(round, round->next_seed.fetch_add(1, std::memory_order_relaxed), steps));
  }

private:
  void step() {
    const pid other = round_->pick(random_());
    switch (random_() % 24) {
    case 0:
    case 1:
      if (round_->spawned.load(std::memory_order_relaxed) - round_->ended.load(std::memory_order_relaxed) <
          scaled(3000, 400))
        spawn_one(round_, random_);
      break;
    case 2:
    case 3:
    case 4:
    case 5:
      if (send(other, note{self().id(), number_++, std::make_unique<int>(1)}))
        round_->sent.fetch_add(1, std::memory_order_relaxed);
      break;
    case 6:
    case 7:
      monitors_.push_back(runtime::monitor(other));
      break;
    case 8:
      if (!monitors_.empty())
        take_back(random_() % monitors_.size());
      break;
    case 9:
      link(other);
      break;
    case 10:
      unlink(other);
      break;
    case 11:
      exit(other, random_() % 2 == 0 ? exit_reason::kill() : exit_reason::custom("stress"));
      break;
    case 12:
    case 13:
      ask(other);
      break;
    case 14:
    case 15:
      read(std::chrono::microseconds(random_() % 3000));
      break;
    case 16:
      read(0us);
      break;
    case 17:
      timers();
      break;
    case 18:
      yield();
      break;
    case 19:
      if (random_() % 8 == 0 && blocking([v = random_()] { return v; }) == 0)
        yield();
      break;
    case 20:
      if (random_() % 64 == 0)
        spin();
      break;
    case 21:
      in_a_catch_block();
      break;
    case 22:
      names_and_groups();
      break;
    default:
      if (random_() % 4 == 0)
        sleep();
      break;
    }
  }

  void take_back(std::size_t at) {
    const monitor_ref ref = monitors_[at];
    monitors_[at] = monitors_.back();
    monitors_.pop_back();
    demonitor(ref);
    // after a demonitor with flush its down cannot come
    receive(
        when([ref](const down& d) { return d.ref == ref; }, [](const down&) { fail("a down after flush"); }),
        after(0s, [] {}));
  }

  /// Takes one message of whatever kind, within a time.
  void read(std::chrono::nanoseconds time) {
    receive([&](note n) { got(n); }, [&](const down& d) { told(d); }, [](const exited&) {},
            [](const caller& from, question q) { reply(from, q.value + 1); }, [](tick) {},
            [](const group_change&) {}, after(time, [] {}));
  }

  void got(const note& n) {
    if (!n.weight || *n.weight != 1)
      fail("a message that was taken twice", n.number);
    round_->received.fetch_add(1, std::memory_order_relaxed);
  }

  void told(const down& d) {
    for (std::size_t i = 0; i < monitors_.size(); ++i)
      if (monitors_[i] == d.ref) {
        monitors_[i] = monitors_.back();
        monitors_.pop_back();
        round_->downs.fetch_add(1, std::memory_order_relaxed);
        return;
      }
    fail("a down that nobody asked for, or a second one", d.ref.value);
  }

  void ask(pid other) {
    round_->calls.fetch_add(1, std::memory_order_relaxed);
    struct outcome {
      round_state& round;
      ~outcome() { round.answered.fetch_add(1, std::memory_order_relaxed); }
    } const counted{*round_};
    const std::uint64_t value = random_();
    const auto answer = call(other, question{value}, std::chrono::microseconds(random_() % 4000));
    if (answer && *answer != value + 1)
      fail("the answer to another call", *answer);
  }

  void timers() {
    const std::uint64_t number = random_();
    const auto time = std::chrono::microseconds(random_() % 4000);
    timer_ref t = random_() % 4 == 0 ? send_interval(time + 1ms, self(), tick{number})
                                     : send_after(time, self(), tick{number});
    if (random_() % 2 == 0) {
      read(std::chrono::microseconds(random_() % 2000));
    }
    if (random_() % 4 != 0)
      t.cancel();
  }

  void spin() {
    round_->spins.fetch_add(1, std::memory_order_relaxed);
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < 12ms) {
    }
  }

  void in_a_catch_block() {
    const auto number = static_cast<int>(random_() % 1000);
    try {
      throw number;
    } catch (int caught) {
      read(std::chrono::microseconds(random_() % 100));
      if (caught != number)
        fail("another process's exception");
      try {
        std::rethrow_exception(std::current_exception());
      } catch (int again) {
        if (again != number)
          fail("another process's current exception");
      }
    }
  }

  void names_and_groups() {
    const std::string name = "name " + std::to_string(random_() % 20);
    switch (random_() % 5) {
    case 0:
      register_name(name);
      break;
    case 1:
      if (send(std::string_view(name), note{self().id(), number_++, std::make_unique<int>(1)}))
        round_->sent.fetch_add(1, std::memory_order_relaxed);
      break;
    case 2:
      join_group(name);
      break;
    case 3:
      leave_group(name);
      break;
    default:
      broadcast(name, tick{1});
      break;
    }
  }

  void sleep() {
    if (random_() % 2 == 0) {
      sleep_for(std::chrono::microseconds(random_() % 2000));
      return;
    }
    // ends by a message; if nobody writes, a timer does
    round_->hibernations.fetch_add(1, std::memory_order_relaxed);
    send_after(std::chrono::microseconds(random_() % 3000), self(), tick{});
    hibernate(std::move(*this));
  }

  /// Every monitor that was not taken back tells once: of a victim that is ended now, if it lives.
  void settle() {
    trap_exit(true);
    for (unsigned taken = 1; !monitors_.empty(); ++taken) {
      bool enough = taken % 64 == 0; // an interval that was not cancelled may never let it get quiet
      receive([&](const down& d) { told(d); },
              [](any_message m) {
                if (question* q = m.get_if<question>(); q != nullptr && m.is_call())
                  reply(m.from(), q->value + 1);
              },
              after(2ms, [&] { enough = true; }));
      if (enough && !monitors_.empty())
        take_back(monitors_.size() - 1);
    }
  }

  shared_round round_;
  std::mt19937_64 random_;
  int steps_;
  std::uint32_t number_ = 0;
  std::vector<monitor_ref> monitors_;
};

} // namespace perron::runtime::stress
