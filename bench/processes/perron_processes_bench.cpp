// SPDX-License-Identifier: BSD-3-Clause
//
// Perron's side of `./dev bench processes`: the workloads of the peers, with the same names and the same
// lines.
#include "measured.hpp"

#include <perron/runtime/node.hpp>
#include <perron/runtime/receive.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace perron::runtime;
using namespace perron::bench;
using namespace std::chrono_literals;

namespace {

/// Resident memory and page tables of this process, in bytes.
double memory_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  double kib = 0;
  while (std::getline(status, line))
    if (line.starts_with("VmRSS:") || line.starts_with("VmPTE:"))
      kib += std::strtod(line.c_str() + line.find(':') + 1, nullptr);
  return kib * 1024;
}

/// A tenth first, then all of it by the clock.
void warm_and_timed(const char* name, long n, void (*work)(long)) {
  work(n / 10);
  timed(name, n, [&] { work(n); });
}

struct done {};
struct ping {
  pid from;
};
struct pong {};
struct stop {};
struct noise {};

/// As the peers do: each process counts itself out, the last one of a batch tells that all have run.
void spawn_run_exit(long n) {
  const pid me = self();
  constexpr long batch = 1000;
  std::atomic<long> left{0};
  for (long i = 0; i < n; i += batch) {
    left.store(batch, std::memory_order_relaxed);
    for (long k = 0; k < batch; ++k)
      spawn([me, &left] {
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1)
          send(me, done{});
      });
    receive_one<done>();
  }
}

void spawn_monitor_down(long n) {
  for (long i = 0; i < n; ++i) {
    const monitored child = spawn_monitor([] {});
    receive(when([&](const down& d) { return d.ref == child.ref; }, [](const down&) {}));
  }
}

/// `echo_worker` -1: any.
void round_trip(const char* name, long n, int echo_worker) {
  const pid me = self();
  const pid echo = spawn({.worker = echo_worker}, [] {
    for (bool on = true; on;)
      receive([](ping p) { send(p.from, pong{}); }, [&](stop) { on = false; });
  });
  for (int i = 0; i < 1000; ++i) {
    send(echo, ping{me});
    receive_one<pong>();
  }
  timed(name, n, [&] {
    for (long i = 0; i < n; ++i) {
      send(echo, ping{me});
      receive_one<pong>();
    }
  });
  send(echo, stop{});
}

/// What the machine itself takes for it: two threads hand one word to and fro, and do nothing else. No round
/// trip between two workers can be cheaper.
void crossing_floor(long n) {
  std::atomic<long> turn{0};
  std::thread other([&] {
    for (long i = 0; i < n; ++i) {
      while (turn.load(std::memory_order_acquire) != 2 * i + 1)
        ;
      turn.store(2 * i + 2, std::memory_order_release);
    }
  });
  timed("crossing_floor", n, [&] {
    for (long i = 0; i < n; ++i) {
      turn.store(2 * i + 1, std::memory_order_release);
      while (turn.load(std::memory_order_acquire) != 2 * i + 2)
        ;
    }
  });
  other.join();
}

void senders(long n) {
  static constexpr long count = 4;
  const pid me = self();
  timed("senders", n, [&] {
    for (long i = 0; i < count; ++i)
      spawn([me, n] {
        for (long k = 0; k < n / count; ++k)
          send(me, k);
      });
    for (long k = 0; k < n / count * count; ++k)
      receive([](long) {});
  });
}

void ring(long n) {
  constexpr int length = 1000;
  const pid me = self();
  pid next = me;
  for (int i = 1; i < length; ++i)
    next = spawn([next] {
      for (bool on = true; on;)
        receive([&](long token) {
          send(next, token);
          on = token > 0;
        });
    });
  timed("ring", n, [&] {
    for (long round = n / length - 1; round >= 0; --round) {
      send(next, round);
      receive([](long) {});
    }
  });
}

void selective(long n) {
  const pid me = self();
  for (int i = 0; i < 10'000; ++i)
    send(me, noise{});
  const pid echo = spawn([] {
    for (bool on = true; on;)
      receive([](ping p) { send(p.from, pong{}); }, [&](stop) { on = false; });
  });
  timed("selective", n, [&] {
    for (long i = 0; i < n; ++i) {
      send(echo, ping{me});
      receive_one<pong>();
    }
  });
  send(echo, stop{});
}

void parked(const char* name, long n, bool hibernated) {
  const double before = memory_bytes();
  const pid me = self();
  std::vector<pid> all;
  all.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) {
    all.push_back(spawn([me, hibernated] {
      send(me, done{});
      if (hibernated)
        hibernate([] { receive([](stop) {}); });
      receive([](stop) {});
    }));
    if (i % 1000 == 999)
      for (int k = 0; k < 1000; ++k)
        receive_one<done>();
  }
  yield();
  result_line(name, (memory_bytes() - before) / static_cast<double>(n), "bytes");
  if (!hibernated) {
    const double cpu = cpu_ns();
    sleep_for(10s);
    result_line("parked_idle_cpu", (cpu_ns() - cpu) / 1e9, "s_per_10s");
  }
  for (const pid p : all)
    send(p, stop{});
}

/// One message to each of n parked processes, until all have taken theirs and parked again.
void wake(long n) {
  const pid me = self();
  std::atomic<long> left{0};
  std::vector<pid> all;
  all.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) {
    all.push_back(spawn([me, &left] {
      send(me, done{});
      for (bool on = true; on;)
        receive(
            [&](noise) {
              if (left.fetch_sub(1, std::memory_order_acq_rel) == 1)
                send(me, done{});
            },
            [&](stop) { on = false; });
    }));
    if (i % 1000 == 999)
      for (int k = 0; k < 1000; ++k)
        receive_one<done>();
  }
  left.store(n, std::memory_order_relaxed);
  timed("wake", n, [&] {
    for (const pid p : all)
      send(p, noise{});
    receive_one<done>();
  });
  for (const pid p : all)
    send(p, stop{});
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s WORKLOAD [COUNT]\n", argv[0]);
    return 2;
  }
  const std::string workload = argv[1];
  const long count = argc > 2 ? std::atol(argv[2]) : 0;
  const auto n = [&](long standard) { return count > 0 ? count : standard; };
  const std::map<std::string, std::pair<int, std::function<void()>>> workloads{
      {"spawn", {-1, [&] { warm_and_timed("spawn", n(2'000'000), &spawn_run_exit); }}},
      {"spawn_monitor", {-1, [&] { warm_and_timed("spawn_monitor", n(1'000'000), &spawn_monitor_down); }}},
      {"roundtrip_local", {0, [&] { round_trip("roundtrip_local", n(2'000'000), 0); }}},
      {"roundtrip_free", {-1, [&] { round_trip("roundtrip_free", n(2'000'000), -1); }}},
      {"roundtrip_cross", {0, [&] { round_trip("roundtrip_cross", n(2'000'000), 1); }}},
      {"crossing_floor", {-1, [&] { crossing_floor(n(1'000'000)); }}},
      {"senders", {-1, [&] { senders(n(2'000'000)); }}},
      {"ring", {-1, [&] { ring(n(1'000'000)); }}},
      {"selective", {-1, [&] { selective(n(200'000)); }}},
      {"parked_bytes", {-1, [&] { parked("parked_bytes", n(1'000'000), false); }}},
      {"hibernated_bytes", {-1, [&] { parked("hibernated_bytes", n(1'000'000), true); }}},
      {"wake", {-1, [&] { wake(n(1'000'000)); }}},
  };
  const auto found = workloads.find(workload);
  if (found == workloads.end()) {
    std::fprintf(stderr, "perron_processes_bench: no workload '%s'\n", workload.c_str());
    return 2;
  }
  node here(node_options{.workers = 2});
  const exit_reason how = here.run({.worker = found->second.first}, found->second.second);
  if (!how.orderly()) {
    std::fprintf(stderr, "perron_processes_bench: %s\n", how.to_string().c_str());
    return 1;
  }
  here.stop(std::chrono::seconds(30));
  return 0;
}
