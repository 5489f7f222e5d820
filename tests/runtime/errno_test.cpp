// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/process.hpp>

#include "support/node_fixture.hpp"

#include <cerrno>
#include <string>
#include <vector>

namespace perron::runtime {
namespace {

using namespace perron::testing;

struct go {};

// The address of errno is that of a thread_local: the compiler may keep it across a suspension. Whoever reads
// errno after one does so in a function of its own, as here.
[[gnu::noinline]] int read_errno() {
  asm volatile("" ::: "memory");
  return errno;
}
[[gnu::noinline]] void write_errno(int number) {
  asm volatile("" ::: "memory");
  errno = number;
}

class errno_of_a_process : public node_fixture {};

TEST_F(errno_of_a_process, is_its_own_across_suspensions) {
  run([] {
    const monitored echo = spawn_monitor([] {
      for (;;)
        send(receive_one<pid>(), go{});
    });
    std::vector<monitored> all;
    for (int number = 1; number <= 20; ++number)
      all.push_back(spawn_monitor([number, echo] {
        for (std::size_t i = 0; i < scaled(1000, 200); ++i) {
          write_errno(number);
          yield();
          ASSERT_EQ(read_errno(), number);
          send(echo.who, self());
          receive_one<go>();
          ASSERT_EQ(read_errno(), number);
        }
      }));
    for (const monitored& m : all)
      EXPECT_EQ(reason_of(m.ref), exit_reason::normal());
    exit(echo.who, exit_reason::kill());
    EXPECT_EQ(reason_of(echo.ref), exit_reason::killed());
  });
}

TEST_F(errno_of_a_process, survives_a_wait_for_mail) {
  run([] {
    const monitored waiting = spawn_monitor([parent = self()] {
      write_errno(ENOTTY);
      send(parent, go{});
      receive_one<go>();
      EXPECT_EQ(read_errno(), ENOTTY);
    });
    receive_one<go>();
    write_errno(EPERM);
    yield();
    send(waiting.who, go{});
    EXPECT_EQ(reason_of(waiting.ref), exit_reason::normal());
    EXPECT_EQ(read_errno(), EPERM);
  });
}

TEST_F(errno_of_a_process, is_zero_when_it_starts) {
  run([] {
    write_errno(E2BIG);
    EXPECT_EQ(reason_of_running([] { EXPECT_EQ(read_errno(), 0); }), exit_reason::normal());
  });
}

} // namespace
} // namespace perron::runtime
