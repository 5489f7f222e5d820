// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
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

  friend bool operator==(deadline, deadline) noexcept = default;
  friend bool operator<(deadline a, deadline b) noexcept { return a.due_ms_ < b.due_ms_; }

private:
  std::uint64_t due_ms_;
};

} // namespace perron::runtime
