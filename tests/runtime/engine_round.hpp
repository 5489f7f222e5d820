// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

/// What the processes of engine_stress send to one another, and what they share.
namespace perron::runtime::stress {

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

[[noreturn]] inline void fail(const char* what, std::uint64_t detail = 0) {
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

} // namespace perron::runtime::stress
