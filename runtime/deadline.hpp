// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace perron::runtime {

/// A moment by the clock of the node, for several waits that share one time. A value; from a process or
/// another thread of the node. Resolution one millisecond, never early. Reading the clock costs some 30 ns.
class deadline {
public:
  /// That time from now on; no_timeout: never.
  explicit deadline(std::chrono::nanoseconds time);

  /// What is left of it, at least zero; no_timeout if there is no limit.
  std::chrono::nanoseconds left() const;
  bool is_over() const { return left() == std::chrono::nanoseconds::zero(); }

  friend auto operator<=>(deadline, deadline) noexcept = default;

private:
  std::uint64_t due_ms_;
};

} // namespace perron::runtime
