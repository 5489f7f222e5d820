// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/stack_trimmer.hpp>

#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/stack_pool.hpp>

#include <perron/runtime/blocking.hpp>

#include "support/node_fixture.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

namespace perron::runtime::core {
namespace {

using namespace perron::testing;

struct go {};
struct sum {
  std::uint64_t of = 0;
};

/// Uses about so many KiB of stack, and gives a figure that depends on all of it.
[[gnu::noinline]] std::uint64_t go_deep(int kib) {
  volatile unsigned char frame[1024];
  for (int i = 0; i < 1024; ++i)
    frame[i] = static_cast<unsigned char>(kib + i);
  const std::uint64_t deeper = kib == 0 ? 0 : go_deep(kib - 1);
  return deeper + frame[kib % 1024];
}

constexpr int deep_kib = 60;

/// Was deep in calls once, and then answers each go from near the top of its stack.
void deep_once_then_flat(pid parent) {
  std::uint64_t seen = go_deep(deep_kib);
  for (;;) {
    receive_one<go>();
    send(parent, sum{++seen});
  }
}

bool is_parked(pid who) {
  return who.slot()->state.load() == process_state::waiting && who.slot()->door.is_parked();
}

/// The node's own watchdog would come in between.
node_options without_watchdog() {
  node_options o = test_options();
  o.watchdog_ms = 0;
  return o;
}

class stack_trimming : public node_fixture {
protected:
  stack_trimming() : node_fixture(without_watchdog()) {}

  void SetUp() override {
    node_fixture::SetUp();
    trimmer_.emplace(node().scheduler());
  }

  /// Works until a pass is complete; each call as a second after the one before.
  void pass() {
    do
      now_ms_ += 2'000;
    while (trimmer_->work(now_ms_));
  }
  stack_trimmer& trimmer() { return *trimmer_; }
  std::uint64_t later() { return now_ms_ += 2'000; }

private:
  std::optional<stack_trimmer> trimmer_;
  std::uint64_t now_ms_ = 10'000;
};

TEST_F(stack_trimming, gives_back_what_a_parked_process_does_not_use_any_more) {
  run([&] {
    const pid p = spawn([me = self()] { deep_once_then_flat(me); });
    yield_until([&] { return is_parked(p); });
    const stack& s = *p.slot()->own_stack;
    ASSERT_GE(touched_bytes(s), std::size_t{deep_kib} * 1024);
    pass();
    EXPECT_LE(touched_bytes(s), std::size_t{16} * 1024);
    EXPECT_GE(trimmer().trimmed_pages(), 10U);
    // what it stands on is still there
    send(p, go{});
    const auto first = receive_one<sum>().of;
    send(p, go{});
    EXPECT_EQ(receive_one<sum>().of, first + 1);
    exit(p, exit_reason::shutdown());
  });
}

TEST_F(stack_trimming, leaves_a_process_alone_that_is_deep_now) {
  run([&] {
    struct deep {
      static std::uint64_t wait_there(pid parent, int kib) {
        volatile unsigned char frame[1024];
        for (int i = 0; i < 1024; ++i)
          frame[i] = static_cast<unsigned char>(kib + i);
        if (kib == 0)
          receive_one<go>();
        const std::uint64_t deeper = kib == 0 ? 0 : wait_there(parent, kib - 1);
        return deeper + frame[kib % 1024];
      }
    };
    const pid p = spawn([me = self()] { send(me, sum{deep::wait_there(me, deep_kib)}); });
    yield_until([&] { return is_parked(p); });
    pass();
    EXPECT_GE(touched_bytes(*p.slot()->own_stack), std::size_t{deep_kib} * 1024);
    send(p, go{});
    std::uint64_t expected = 0;
    for (int kib = deep_kib; kib >= 0; --kib)
      expected += static_cast<unsigned char>(kib + kib % 1024);
    EXPECT_EQ(receive_one<sum>().of, expected);
  });
}

TEST_F(stack_trimming, leaves_a_process_alone_that_runs) {
  std::atomic<bool> over{false};
  std::atomic<bool> deep{false};
  run([&] {
    const monitored p = spawn_monitor([&] {
      go_deep(deep_kib);
      deep = true;
      while (!over)
        yield();
    });
    yield_until([&] { return deep.load(); });
    const stack& s = *p.who.slot()->own_stack;
    pass();
    EXPECT_GE(touched_bytes(s), std::size_t{deep_kib} * 1024);
    over = true;
    EXPECT_EQ(reason_of(p.ref), exit_reason::normal());
  });
}

TEST_F(stack_trimming, of_a_node_at_rest_ends_with_the_pass) {
  run([] {});
  pass();
  for (int i = 0; i < 10; ++i)
    EXPECT_FALSE(trimmer().work(later()));
  run([] {});
  EXPECT_TRUE(trimmer().work(later())) << "something has run since";
}

TEST_F(stack_trimming, loses_no_message_that_comes_meanwhile) {
  const std::size_t many = scaled(200, 40);
  const int rounds = static_cast<int>(scaled(50, 10));
  std::atomic<bool> over{false};
  event begun;
  // on a thread of its own, as the watchdog does it
  std::thread trimming([&] {
    while (!over) {
      pass();
      begun.happen();
    }
  });
  run([&] {
    std::vector<pid> all;
    for (std::size_t i = 0; i < many; ++i)
      all.push_back(spawn([me = self()] { deep_once_then_flat(me); }));
    blocking([&] { begun.await(); });
    for (int round = 0; round < rounds; ++round) {
      for (const pid p : all)
        send(p, go{});
      for (std::size_t i = 0; i < many; ++i)
        receive_one<sum>();
    }
    for (const pid p : all)
      exit(p, exit_reason::shutdown());
  });
  over = true;
  trimming.join();
}

} // namespace
} // namespace perron::runtime::core
