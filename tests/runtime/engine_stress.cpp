// SPDX-License-Identifier: BSD-3-Clause
//
// engine_stress --seconds N [--seed S] [--workers W]
//
// Processes that do everything to one another at random: spawn, link, monitor, kill, call, time out, migrate,
// spin and block. Each one keeps account of what it is owed, one down for each monitor, an outcome for each
// call, and so on; at the end of each round the accounts must agree and nothing may be left over. The
// schedule is the machine's, the choices are the seed's.
#include "runtime/engine_actor.hpp"
#include "runtime/engine_round.hpp"
#include "support/events.hpp"
#include "support/sanitizers.hpp"
#include "support/stress_options.hpp"

#include <perron/runtime/call.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/report/crash_report.hpp>
#include <perron/runtime/timer.hpp>

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
using namespace stress;
using perron::testing::scaled;

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
