// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>

namespace perron::testing {

/// What every stress test is called with: `x_stress --seconds N [--seed S] [--workers W]`.
struct stress_options {
  std::chrono::seconds time{10};
  std::uint64_t seed = std::random_device()(); ///< of the first round; each further one takes the next
  std::uint64_t workers = 0;                   ///< 0: from one to four, by the seed

  unsigned workers_for(std::uint64_t round_seed) const noexcept {
    return static_cast<unsigned>(workers != 0 ? workers : 1 + round_seed % 4);
  }

  static stress_options from(int argc, char** argv) {
    stress_options out;
    for (int i = 1; i + 1 < argc; i += 2) {
      std::uint64_t value = 0;
      std::from_chars(argv[i + 1], argv[i + 1] + std::strlen(argv[i + 1]), value);
      if (std::strcmp(argv[i], "--seconds") == 0)
        out.time = std::chrono::seconds(value);
      else if (std::strcmp(argv[i], "--seed") == 0)
        out.seed = value;
      else if (std::strcmp(argv[i], "--workers") == 0)
        out.workers = value;
    }
    return out;
  }
};

} // namespace perron::testing
