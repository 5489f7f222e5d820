// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/thread_activity.hpp>

#include <perron/runtime/core/clock.hpp>

#include <unistd.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>

namespace perron::runtime::core {
namespace {

TEST(thread_activity, one_that_computes_is_runnable_and_has_more_and_more_time) {
  std::atomic<bool> enough{false};
  std::atomic<int> number{0};
  std::thread computing([&] {
    number = ::gettid();
    while (!enough.load()) {
    }
  });
  while (number.load() == 0) {
  }
  EXPECT_TRUE(is_runnable(number.load()));
  const std::uint64_t before = thread_ns(computing.native_handle());
  while (thread_ns(computing.native_handle()) < before + 1'000'000U) {
  }
  enough = true;
  computing.join();
}

TEST(thread_activity, one_that_waits_for_the_kernel_is_not_runnable) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::atomic<int> number{0};
  std::thread waiting([&] {
    number = ::gettid();
    char c = 0;
    EXPECT_EQ(::read(pipe[0], &c, 1), 1);
  });
  while (number.load() == 0 || is_runnable(number.load())) {
  }
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  waiting.join();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(thread_activity, one_that_does_not_exist_is_not_runnable) { EXPECT_FALSE(is_runnable(1'999'999'999)); }

} // namespace
} // namespace perron::runtime::core
