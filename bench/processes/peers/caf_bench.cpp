// SPDX-License-Identifier: BSD-3-Clause

// The process workloads of bench/README.md on stock CAF 0.17: CAF's own scheduler, clock and actors.
//
//   caf_bench <workload> [count]
//
// Actors are event-based, as CAF recommends, except for the selective receive, which only its blocking
// actors have. CAF cannot pin an event-based actor to a worker: `roundtrip_local` runs on a pool of one,
// `roundtrip_cross` on a pool of two, `roundtrip_cross_detached` gives both actors a thread of their own.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <caf/all.hpp>

namespace {

using caf::actor;
using caf::behavior;
using caf::event_based_actor;

using go_atom = caf::atom_constant<caf::atom("go")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using unwanted_atom = caf::atom_constant<caf::atom("unwanted")>;

constexpr int64_t batch_size = 1000;
constexpr int ring_size = 1000;
constexpr int backlog_size = 10000;
constexpr int sender_count = 4;

int64_t cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
  const int64_t micros = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  return seconds * 1'000'000'000 + micros * 1'000;
}

int64_t resident_bytes() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      int64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  }
  return 0;
}

class stopwatch {
public:
  void report(const std::string& name, int64_t operations) const {
    const auto wall = std::chrono::steady_clock::now() - wall_;
    const double wall_ns = std::chrono::duration<double, std::nano>(wall).count();
    const double n = static_cast<double>(operations);
    std::printf("result %s %.1f ns\n", name.c_str(), wall_ns / n);
    std::printf("result %s_cpu %.1f ns\n", name.c_str(), static_cast<double>(cpu_ns() - cpu_) / n);
  }

private:
  std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
  int64_t cpu_ = cpu_ns();
};

// Runs one actor and waits until it calls `done`; the actor lives on the pool like those it talks to.
using done_fn = std::function<void()>;
using body_fn = std::function<behavior(event_based_actor*, int64_t count, done_fn done)>;

template <caf::spawn_options Options = caf::no_spawn_options>
void run_actor(caf::actor_system& system, const body_fn& body, int64_t count) {
  std::promise<void> finished;
  auto driver = system.spawn<Options>([&](event_based_actor* self) {
    return body(self, count, [self, &finished] {
      self->quit(caf::exit_reason::user_shutdown);
      finished.set_value();
    });
  });
  caf::anon_send(driver, go_atom::value);
  finished.get_future().wait();
}

template <caf::spawn_options Options = caf::no_spawn_options>
void timed(caf::actor_system& system, const std::string& name, int64_t count, const body_fn& body) {
  run_actor<Options>(system, body, count / 10 + 1);
  stopwatch watch;
  run_actor<Options>(system, body, count);
  watch.report(name, count);
}

behavior spawn_batches(event_based_actor* self, int64_t count, done_fn done) {
  struct progress {
    int64_t unspawned;
    std::atomic<int64_t> alive;
  };
  auto state = std::make_shared<progress>();
  state->unspawned = count;
  return {[=](go_atom) {
    const auto batch = std::min(state->unspawned, batch_size);
    if (batch == 0)
      return done();
    state->unspawned -= batch;
    state->alive = batch;
    actor parent{self};
    for (int64_t i = 0; i < batch; ++i)
      self->spawn([state, parent](event_based_actor*) {
        if (--state->alive == 0)
          caf::anon_send(parent, go_atom::value);
      });
  }};
}

behavior spawn_monitors(event_based_actor* self, int64_t count, done_fn done) {
  auto next = [self] { self->spawn<caf::monitored>([](event_based_actor*) {}); };
  auto left = std::make_shared<int64_t>(count);
  self->set_down_handler([=](caf::down_msg&) {
    if (--*left == 0)
      done();
    else
      next();
  });
  return {[=](go_atom) { next(); }};
}

behavior echo(event_based_actor* self) {
  return {[self](ping_atom, const actor& from, int64_t n) { self->send(from, pong_atom::value, n); }};
}

template <caf::spawn_options Options = caf::no_spawn_options>
behavior asks(event_based_actor* self, int64_t count, done_fn done) {
  auto partner = self->spawn<Options + caf::linked>(echo);
  return {
      [=](go_atom) { self->send(partner, ping_atom::value, actor{self}, count); },
      [=](pong_atom, int64_t n) {
        if (n == 1)
          done();
        else
          self->send(partner, ping_atom::value, actor{self}, n - 1);
      },
  };
}

behavior senders(event_based_actor* self, int64_t count, done_fn done) {
  const auto share = count / sender_count;
  auto left = std::make_shared<int64_t>(share * sender_count);
  return {
      [=](go_atom) {
        actor mailbox{self};
        for (int s = 0; s < sender_count; ++s)
          self->spawn([=](event_based_actor* sender) {
            for (int64_t i = 0; i < share; ++i)
              sender->send(mailbox, i);
          });
      },
      [=](int64_t) {
        if (--*left == 0)
          done();
      },
  };
}

behavior ring(event_based_actor* self, int64_t rounds, done_fn done) {
  actor first{self};
  for (int i = 1; i < ring_size; ++i)
    first = self->spawn<caf::linked>([next = first](event_based_actor* member) -> behavior {
      return {[=](int64_t token) { member->send(next, token); }};
    });
  return {
      [=](go_atom) { self->send(first, rounds); },
      [=](int64_t token) {
        if (token == 1)
          done();
        else
          self->send(first, token - 1);
      },
  };
}

void selective(caf::actor_system& system, const std::string& name, int64_t count) {
  caf::scoped_actor self{system};
  auto partner = system.spawn(echo);
  for (int i = 0; i < backlog_size; ++i)
    self->send(self, unwanted_atom::value, i);
  auto ask_many = [&](int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      self->send(partner, ping_atom::value, caf::actor_cast<actor>(self), i);
      self->receive([](pong_atom, int64_t) {});
    }
  };
  ask_many(count / 10 + 1);
  stopwatch watch;
  ask_many(count);
  watch.report(name, count);
  self->send_exit(partner, caf::exit_reason::user_shutdown);
  // What is left in the mailbox would be reported one by one as unhandled.
  std::fflush(stdout);
  std::_Exit(0);
}

std::vector<actor> park(caf::actor_system& system, int64_t count, std::atomic<int64_t>& asleep,
                        std::promise<void>& all_awake) {
  std::vector<actor> parked;
  parked.reserve(static_cast<size_t>(count));
  std::atomic<int64_t> starting{count};
  std::promise<void> all_parked;
  for (int64_t i = 0; i < count; ++i)
    parked.push_back(system.spawn([&](event_based_actor*) -> behavior {
      if (--starting == 0)
        all_parked.set_value();
      return {[&](go_atom) {
        if (--asleep == 0)
          all_awake.set_value();
      }};
    }));
  all_parked.get_future().wait();
  return parked;
}

// Ends without tearing down the actors: that is not what is measured, and takes longer than what is.
void parked_bytes(caf::actor_system& system, const std::string& name, int64_t count) {
  std::atomic<int64_t> asleep{count};
  std::promise<void> all_awake;
  const auto before = resident_bytes();
  const auto parked = park(system, count, asleep, all_awake);
  const auto bytes = static_cast<double>(resident_bytes() - before);
  std::printf("result %s %.1f bytes\n", name.c_str(), bytes / static_cast<double>(count));
  std::fflush(stdout);
  std::_Exit(0);
}

// Sent from the main thread: a waker on the pool fills that worker's own queue while the other worker steals
// from its far end, which costs CAF ten times as much here and grows with the count.
void wake(caf::actor_system& system, const std::string& name, int64_t count) {
  std::atomic<int64_t> asleep{count};
  std::promise<void> all_awake;
  const auto parked = park(system, count, asleep, all_awake);
  stopwatch watch;
  for (const auto& each : parked)
    caf::anon_send(each, go_atom::value);
  all_awake.get_future().wait();
  watch.report(name, count);
  std::fflush(stdout);
  std::_Exit(0);
}

struct workload {
  int64_t default_count;
  size_t workers;
  std::function<void(caf::actor_system&, const std::string&, int64_t)> run;
};

template <caf::spawn_options Options = caf::no_spawn_options>
auto driven_by(body_fn body) {
  return [body = std::move(body)](caf::actor_system& system, const std::string& name, int64_t count) {
    timed<Options>(system, name, count, body);
  };
}

void run_ring(caf::actor_system& system, const std::string& name, int64_t hops) {
  const auto rounds = hops / ring_size;
  run_actor(system, ring, rounds / 10 + 1);
  stopwatch watch;
  run_actor(system, ring, rounds);
  watch.report(name, rounds * ring_size);
}

const std::map<std::string, workload>& workloads() {
  static const std::map<std::string, workload> all{
      {"spawn", {500'000, 2, driven_by(spawn_batches)}},
      {"spawn_monitor", {200'000, 2, driven_by(spawn_monitors)}},
      {"roundtrip_local", {500'000, 1, driven_by(asks<>)}},
      {"roundtrip_free", {500'000, 2, driven_by(asks<>)}},
      {"roundtrip_cross", {500'000, 2, driven_by(asks<>)}},
      {"roundtrip_cross_detached", {100'000, 2, driven_by<caf::detached>(asks<caf::detached>)}},
      {"senders", {1'000'000, 2, driven_by(senders)}},
      {"ring", {1'000'000, 2, run_ring}},
      {"selective", {500, 2, selective}},
      {"parked_bytes", {1'000'000, 2, parked_bytes}},
      {"wake", {100'000, 2, wake}},
  };
  return all;
}

} // namespace

int main(int argc, char** argv) {
  const auto chosen = argc > 1 ? workloads().find(argv[1]) : workloads().end();
  if (chosen == workloads().end()) {
    std::fprintf(stderr, "usage: caf_bench <workload> [count]\n");
    return 2;
  }
  const auto& [name, work] = *chosen;
  const int64_t count = argc > 2 ? std::atoll(argv[2]) : work.default_count;
  caf::actor_system_config config;
  config.set("scheduler.max-threads", work.workers);
  caf::actor_system system{config};
  work.run(system, name, count);
}
