// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>

namespace perron::supervisors {

/// How long a child that keeps crashing is left alone before each restart. OTP restarts at once, always; so
/// does Perron unless `initial` is set:
///
///     child({.id = "upstream", .back_off = {.initial = 100ms}}, connect)
///
/// The first restart comes after `initial`, each further one after `factor` times as long, up to `ceiling`.
/// Each time is varied by up to `jitter` of itself, so that many children do not come back at once. A child
/// that has run for `healthy_after` begins anew. Waiting restarts count in the supervisor's intensity like
/// others, at the moment of the crash. Give the supervisor an intensity and a period that fit: with a ceiling
/// of 30 s the default of 1 in 5 s is reached only by the first few.
struct back_off {
  std::chrono::milliseconds initial{0}; ///< 0: no back-off
  double factor = 2.0;                  ///< 1 or more
  std::chrono::milliseconds ceiling{30'000};
  double jitter = 0.1; ///< 0 to 1, part of the time
  std::chrono::milliseconds healthy_after{10'000};

  explicit operator bool() const noexcept { return initial.count() > 0; }
  friend bool operator==(const back_off&, const back_off&) = default;
};

/// The wait before restart number `tries` (0: the first) of a row; `chance` from 0 to 1 picks the jitter.
/// Pure; overflows nothing.
std::chrono::milliseconds wait_before(const back_off& how, std::uint32_t tries, double chance) noexcept;

} // namespace perron::supervisors
