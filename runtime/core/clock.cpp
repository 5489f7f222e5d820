// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/clock.hpp>

#include <ctime>

namespace perron::runtime::core {
namespace {

timespec read(clockid_t which) noexcept {
  timespec now{};
  ::clock_gettime(which, &now);
  return now;
}

std::uint64_t ns(const timespec& t) noexcept {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

} // namespace

std::uint64_t monotonic_ns() noexcept { return ns(read(CLOCK_MONOTONIC)); }

std::uint64_t thread_ns(::pthread_t thread) noexcept {
  ::clockid_t its{};
  return ::pthread_getcpuclockid(thread, &its) == 0 ? ns(read(its)) : 0;
}

std::uint64_t rough_ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return monotonic_ns();
#endif
}

std::chrono::steady_clock::time_point steady_now() noexcept {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic_ns()));
}

std::chrono::system_clock::time_point wall_now() noexcept {
  return std::chrono::system_clock::time_point(std::chrono::nanoseconds(ns(read(CLOCK_REALTIME))));
}

std::int64_t wall_seconds() noexcept { return read(CLOCK_REALTIME_COARSE).tv_sec; }

std::int64_t wall_ms() noexcept {
  const timespec now = read(CLOCK_REALTIME);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

} // namespace perron::runtime::core
