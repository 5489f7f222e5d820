// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/unwinding/raise.hpp>

#include "runtime/unwinding/raise_shapes.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>

namespace perron::runtime::unwinding {
namespace {

std::string run_by(bool libgcc, const shape& what) {
  leave_to_libgcc(libgcc);
  events.clear();
  what.run();
  leave_to_libgcc(false);
  return events;
}

TEST(raise, does_what_libgcc_does) {
  for (const shape& each : shapes) {
    const std::string expected = run_by(true, each);
    EXPECT_FALSE(expected.empty());
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(run_by(false, each), expected) << each.name;
  }
}

TEST(raise, leaves_nothing_of_ordinary_code_to_libgcc) {
#ifndef PERRON_FAST_UNWINDING
  GTEST_SKIP() << "this build leaves all to libgcc";
#endif
  for (const shape& each : shapes) {
    if (each.name == through_pthread_once)
      continue;
    const std::uint64_t before = left_to_libgcc();
    run_by(false, each);
    EXPECT_EQ(left_to_libgcc(), before) << each.name;
  }
}

TEST(raise, leaves_a_frame_that_it_does_not_know_to_libgcc) {
  const std::uint64_t before = left_to_libgcc();
  for (const shape& each : shapes) {
    if (each.name == through_pthread_once) {
      EXPECT_EQ(run_by(false, each), "thrower d d call_once ");
    }
  }
#ifdef PERRON_FAST_UNWINDING
  EXPECT_GT(left_to_libgcc(), before);
#else
  EXPECT_EQ(left_to_libgcc(), before);
#endif
}

TEST(raise, holds_with_many_threads_at_once) {
  std::vector<std::thread> threads;
  std::vector<std::string> expected;
  for (const shape& each : shapes)
    expected.push_back(run_by(true, each));
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        for (std::size_t i = 0; i < std::size(shapes); ++i) {
          events.clear();
          shapes[i].run();
          EXPECT_EQ(events, expected[i]) << shapes[i].name;
        }
    });
  for (std::thread& each : threads)
    each.join();
}

[[gnu::noinline]] void must_not_throw() noexcept {
  const noted cleanup("never");
  from_deep(1, 1);
}

TEST(raise_death, calls_terminate_where_libgcc_does) {
  const auto unhandled = [] {
    std::set_terminate([] {
      const std::string said = std::current_exception() != nullptr ? "one" : "none";
      static_cast<void>(std::fprintf(stderr, "terminate with %s, %s.\n", said.c_str(), events.c_str()));
      std::_Exit(1);
    });
    must_not_throw();
  };
  // what is below the function that must not throw is cleaned up or not, as libgcc has it
  EXPECT_DEATH(unhandled(), "terminate with one");
  EXPECT_DEATH(
      {
        std::set_terminate([] { std::_Exit(3); });
        std::thread([] { from_deep(1, 1); }).join();
      },
      "");
}

TEST(raise, lets_a_thread_be_ended_in_the_midst_of_its_functions) {
  std::string seen;
  std::thread ended([&] {
    struct last_words {
      std::string& into;
      ~last_words() { into = events; }
    };
    const last_words write{seen};
    const noted outer("outer");
    try {
      const noted inner("inner");
      ::pthread_exit(nullptr);
    } catch (const std::exception&) {
      note("wrong");
    }
  });
  ended.join();
  EXPECT_EQ(seen, "inner outer ");
}

} // namespace
} // namespace perron::runtime::unwinding
