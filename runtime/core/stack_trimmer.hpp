// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace perron::runtime::core {

struct scheduler;

/// Gives back the pages of parked processes that were once deep in calls and now wait near the top of their
/// stacks. Goes through the slabs of stacks a few at a time, on the watchdog's thread, while and shortly
/// after anything runs; a pass over a million stacks takes minutes and well under a thousandth of a
/// processor. A node at rest is left alone once a pass is complete.
///
/// A process is held for the call that gives its pages back, as for info(): see doorway::unpark.
class stack_trimmer {
public:
  explicit stack_trimmer(scheduler& s) noexcept : sched_(s) {}

  /// Does its share if it is time. True: a pass is under way, come back within a second.
  bool work(std::uint64_t now_ms);

  std::uint64_t trimmed_pages() const noexcept { return trimmed_; }

private:
  static constexpr std::uint64_t pause_ms = 1000;
  static constexpr std::size_t slabs_per_step = 16;

  std::uint64_t activity() const noexcept;

  scheduler& sched_;
  std::uint64_t next_ms_ = 2 * pause_ms;
  std::uint64_t seen_activity_ = 0;
  std::size_t cursor_ = 0;
  bool passing_ = false;
  std::uint64_t trimmed_ = 0;
};

} // namespace perron::runtime::core
