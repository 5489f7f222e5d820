// SPDX-License-Identifier: BSD-3-Clause
//
// engine_stress --seconds N [--seed S] [--workers W]
//
// Processes that do everything to one another at random: spawn, link, monitor, kill, call, time out, migrate,
// spin and block. Each one keeps account of what it is owed, one down for each monitor, an outcome for each
// call, and so on; at the end of each round the accounts must agree and nothing may be left over. The
// schedule is the machine's, the choices are the seed's.
#include "support/events.hpp"
#include "support/sanitizers.hpp"
#include "support/stress_options.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/runtime/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace std::chrono_literals;
using perron::testing::scaled;

struct note {
  std::uint64_t from = 0;
  std::uint32_t number = 0;
  std::unique_ptr<int> weight; ///< so that a lost or doubled message is one for the leak checker as well
};
struct question {
  using reply = std::uint64_t;
  std::uint64_t value = 0;
};
struct stop {};
struct tick {
  std::uint64_t number = 0;
};

[[noreturn]] void fail(const char* what, std::uint64_t detail = 0) {
  std::fprintf(stderr, "engine_stress: %s (%llu)\n", what, static_cast<unsigned long long>(detail));
  std::fflush(stderr);
  std::abort();
}

/// What all processes of a round share: the addresses to pick victims from, and the accounts.
struct round_state {
  explicit round_state(std::size_t slots) : addresses(slots) {}

  /// A pid is two words: kept behind a small spin lock each.
  struct address {
    std::atomic_flag busy = ATOMIC_FLAG_INIT;
    pid who;
  };
  std::vector<address> addresses;

  pid pick(std::size_t at) {
    address& a = addresses[at % addresses.size()];
    while (a.busy.test_and_set(std::memory_order_acquire)) {
    }
    const pid who = a.who;
    a.busy.clear(std::memory_order_release);
    return who;
  }
  void put(std::size_t at, pid who) {
    address& a = addresses[at % addresses.size()];
    while (a.busy.test_and_set(std::memory_order_acquire)) {
    }
    a.who = who;
    a.busy.clear(std::memory_order_release);
  }

  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> next_seed{1};
  std::atomic<std::uint64_t> spawned{0};
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> downs{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> spins{0};
  std::atomic<std::uint64_t> hibernations{0};
};
using shared_round = std::shared_ptr<round_state>;

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

/// A process that nobody kills and that counts exactly: monitors for which it gets one down each, calls to a
/// server that is killed at random moments.
void accountant(const shared_round& round, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (!round->over.load(std::memory_order_relaxed)) {
    const std::size_t many = 1 + random() % 50;
    std::vector<monitored> children;
    std::size_t extra = 0;
    for (std::size_t i = 0; i < many; ++i) {
      const auto fate = random() % 5;
      children.push_back(spawn_monitor([fate, round, first = random()] {
        switch (fate) {
        case 0:
          return;
        case 1:
          exit(exit_reason::shutdown());
        case 2:
          receive([](const caller& from, question q) { reply(from, q.value + 1); }, after(1ms, [] {}));
          return;
        case 3:
          link(round->pick(first));
          sleep_for(std::chrono::microseconds(first % 1000));
          return;
        default:
          receive_one<stop>();
        }
      }));
      if (random() % 3 == 0) {
        runtime::monitor(children.back().who);
        ++extra;
      }
      if (fate == 4) {
        if (random() % 2 == 0)
          send(children.back().who, stop{});
        else
          exit(children.back().who, exit_reason::kill());
      }
      if (fate == 2) {
        const auto answer = call(children.back().who, question{i}, no_timeout);
        if (answer && *answer != i + 1)
          fail("a wrong answer");
      }
    }
    for (std::size_t i = 0; i < many + extra; ++i)
      receive([](const down&) {}, after(120s, [&] { fail("a down that never came", i); }));
    receive([](const down&) { fail("one down too many"); }, after(0s, [] {}));
  }
}

/// Senders to a mailbox with a bound: all that was accepted arrives, in the order of each sender.
void bounded_traffic(const shared_round& round, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  while (!round->over.load(std::memory_order_relaxed)) {
    const std::uint32_t senders = 1 + static_cast<std::uint32_t>(random() % 6);
    const std::uint32_t each = 1 + static_cast<std::uint32_t>(random() % 100);
    const monitored reader = spawn_monitor(
        {.mailbox_bound = 1 + static_cast<std::uint32_t>(random() % 5), .when_full = mailbox_policy::wait},
        [senders, each] {
          std::vector<std::uint32_t> next(senders);
          for (std::uint32_t left = senders * each; left != 0;)
            receive(
                [&](const note& n) {
                  if (n.number != next[n.from]++)
                    fail("messages out of order", n.number);
                  --left;
                },
                [](const std::string&) {}, // of one who was ended too late
                after(120s, [&] { fail("a sender was not let in", left); }));
        });
    std::vector<monitored> all;
    for (std::uint32_t s = 0; s < senders; ++s)
      all.push_back(spawn_monitor([to = reader.who, s, each] {
        for (std::uint32_t i = 0; i < each; ++i)
          if (!send(to, note{s, i, std::make_unique<int>(1)}))
            fail("a message was refused");
      }));
    // some who wait for room and are ended while they do
    for (std::uint64_t i = random() % 4; i > 0; --i) {
      const pid doomed = spawn([to = reader.who] { send(to, std::string()); });
      exit(doomed, exit_reason::kill());
    }
    for (const monitored& m : all)
      receive(when([&](const down& d) { return d.ref == m.ref; }, [](const down&) {}),
              after(120s, [] { fail("a sender hangs"); }));
    // a last text of the doomed may still lie in its mailbox
    exit(reader.who, exit_reason::kill());
    receive(when([&](const down& d) { return d.ref == reader.ref; }, [](const down&) {}));
  }
}

void run_round(std::uint64_t seed, unsigned workers, std::chrono::milliseconds time) {
  const auto round = std::make_shared<round_state>(64);
  round->next_seed = seed * 1'000'003;
  node_options options;
  options.workers = workers;
  options.stack_bytes = perron::testing::under_sanitizer ? 256 * 1024 : 64 * 1024;
  class node n(options);
  n.crash_reports().set_sink([](const crash_report&, const std::string&) {});

  perron::testing::event exact_ones_done(3); // they have to end before the node does
  for (int i = 0; i < 2; ++i)
    n.spawn([&, round, seed, i] {
      accountant(round, seed + static_cast<std::uint64_t>(i));
      exact_ones_done.happen();
    });
  n.spawn([&, round, seed] {
    bounded_traffic(round, seed);
    exact_ones_done.happen();
  });
  // ordinary threads take part
  std::thread outsider([&] {
    std::mt19937_64 random(seed);
    while (!round->over.load(std::memory_order_relaxed)) {
      if (round->spawned - round->ended < scaled(1000, 150))
        actor::spawn_one(round, random);
      const pid other = round->pick(random());
      if (send(other, note{0, 0, std::make_unique<int>(1)}))
        round->sent.fetch_add(1, std::memory_order_relaxed);
      if (random() % 8 == 0)
        exit(other, exit_reason::kill());
      timer_ref t = send_after(std::chrono::microseconds(random() % 3000), other, tick{});
      if (random() % 2 == 0)
        t.cancel();
      if (random() % 64 == 0)
        std::this_thread::sleep_for(200us); // one thread is not to outdo all others
    }
  });
  std::this_thread::sleep_for(time);
  round->over = true;
  outsider.join();
  if (!exact_ones_done.await("the end of those who count exactly"))
    fail("one of those who count exactly hangs");
  const node_stats before = n.stats();
  const leftovers left = n.stop(std::chrono::seconds(20));
  if (left != leftovers{}) {
    std::fprintf(stderr, "engine_stress: left over: %llu processes, %llu timers, %llu sockets, %llu stacks\n",
                 static_cast<unsigned long long>(left.processes),
                 static_cast<unsigned long long>(left.timers), static_cast<unsigned long long>(left.sockets),
                 static_cast<unsigned long long>(left.stacks));
    std::abort();
  }
  if (round->calls != round->answered)
    fail("a call without an outcome", round->calls - round->answered);
  if (round->received > round->sent)
    fail("more received than sent", round->received - round->sent);
  std::printf(
      "seed %llu, %u workers: %llu processes, %llu sent, %llu received, %llu calls, %llu downs, %llu spins, "
      "%llu hibernations, %llu stolen, %llu taken over\n",
      static_cast<unsigned long long>(seed), workers, static_cast<unsigned long long>(before.spawned),
      static_cast<unsigned long long>(round->sent), static_cast<unsigned long long>(round->received),
      static_cast<unsigned long long>(round->calls), static_cast<unsigned long long>(round->downs),
      static_cast<unsigned long long>(round->spins), static_cast<unsigned long long>(round->hibernations),
      static_cast<unsigned long long>(before.stolen), static_cast<unsigned long long>(before.taken_over));
  std::fflush(stdout);
}

} // namespace
} // namespace perron::runtime

int main(int argc, char** argv) {
  const auto options = perron::testing::stress_options::from(argc, argv);
  std::uint64_t seed = options.seed;
  std::printf("engine_stress: seed %llu\n", static_cast<unsigned long long>(seed));
  const auto end = std::chrono::steady_clock::now() + options.time;
  for (; std::chrono::steady_clock::now() < end; ++seed) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    perron::runtime::run_round(seed, options.workers_for(seed),
                               std::min(left, std::chrono::milliseconds(2000)));
  }
  return 0;
}
