// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

/// What the programs that measure have in common: clocks, and the lines that workloads.py reads.
namespace perron::bench {

inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// User and system time of the whole program.
inline double cpu_ns() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto ns = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  return ns(use.ru_utime) + ns(use.ru_stime);
}

inline void result_line(const std::string& name, double value, const char* unit) {
  std::printf("result %s %.2f %s\n", name.c_str(), value, unit);
}

/// Elapsed and processor time of `work`, each divided by `operations`.
inline void timed(const std::string& name, long operations, const std::function<void()>& work) {
  const double cpu = cpu_ns();
  const std::int64_t begin = now_ns();
  work();
  const double per = 1.0 / static_cast<double>(operations);
  result_line(name, static_cast<double>(now_ns() - begin) * per, "ns");
  result_line(name + "_cpu", (cpu_ns() - cpu) * per, "ns");
}

} // namespace perron::bench
