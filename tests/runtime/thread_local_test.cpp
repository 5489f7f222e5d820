// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/node_fixture.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

thread_local std::thread::id stamp{};

// A process may go on on another thread, where the compiler must not use the address it had on the first one:
// so a thread_local is read by a function of its own, in one stretch without a suspension.
[[gnu::noinline]] std::thread::id read_stamp() {
  asm volatile("" ::: "memory");
  return stamp;
}
[[gnu::noinline]] void write_stamp(std::thread::id id) {
  asm volatile("" ::: "memory");
  stamp = id;
}
[[gnu::noinline]] std::thread::id this_thread() {
  asm volatile("" ::: "memory");
  return std::this_thread::get_id();
}

class thread_local_variable : public node_fixture {};

TEST_F(thread_local_variable, belongs_to_the_thread_a_process_runs_on_now) {
  run([] {
    for (int worker = 0; worker < 2; ++worker)
      reason_of_running({.worker = worker}, [] { write_stamp(this_thread()); });
    std::vector<monitored> all;
    std::atomic<int> moves{0};
    // enough of them that the other worker steals
    for (int i = 0; i < 100; ++i)
      all.push_back(spawn_monitor([&moves] {
        std::thread::id last = this_thread();
        for (std::size_t k = 0; k < scaled(500, 100); ++k) {
          yield();
          const std::thread::id now = this_thread();
          const std::thread::id read = read_stamp();
          // a thread that took over a worker has none yet
          if (read == std::thread::id())
            write_stamp(now);
          else
            ASSERT_EQ(read, now);
          moves += now != last ? 1 : 0;
          last = now;
        }
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    RecordProperty("moves", moves.load());
  });
}

TEST_F(thread_local_variable, is_another_one_for_a_process_that_has_moved) {
  run([] {
    const std::thread::id first = this_thread();
    write_stamp(first);
    // the thread of a process that does not give way loses its worker, so the process goes on elsewhere
    const auto before = current_node_stats().taken_over;
    while (current_node_stats().taken_over == before) {
    }
    yield_until([&] { return this_thread() != first; });
    EXPECT_NE(read_stamp(), first);
  });
}

} // namespace
} // namespace perron::runtime
