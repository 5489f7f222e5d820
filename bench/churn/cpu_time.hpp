// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace perron::bench {

/// Nanoseconds for which all living threads of these processes have run, from /proc/<pid>/task/*/schedstat.
/// Read by the program that makes the load, at the moment that it means: another one may be kept waiting.
inline std::uint64_t ran_ns(const std::vector<::pid_t>& processes) {
  std::uint64_t all = 0;
  for (const ::pid_t pid : processes) {
    std::error_code gone;
    for (const auto& thread :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
      std::ifstream file(thread.path() / "schedstat");
      std::uint64_t ns = 0;
      if (file >> ns)
        all += ns;
    }
  }
  return all;
}

} // namespace perron::bench
