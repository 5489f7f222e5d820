// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace perron::supervisors::core {

/// When an alarm rings: at a number of connections or above it, and then not again until its cooldown is over
/// (otp-semantics 5.11). Any thread; of several who reach the number at once one rings.
class alarm_bell {
public:
  alarm_bell(std::size_t threshold, std::uint64_t cooldown_ms) noexcept
      : threshold_(threshold), cooldown_ms_(cooldown_ms) {}
  /// For a vector that is being filled; nobody else knows it yet.
  alarm_bell(const alarm_bell& other) noexcept : alarm_bell(other.threshold_, other.cooldown_ms_) {}
  alarm_bell& operator=(const alarm_bell&) = delete;

  std::size_t threshold() const noexcept { return threshold_; }

  /// A connection was added, and now there are so many. True: the caller raises the alarm.
  [[nodiscard]] bool rings(std::size_t connections, std::uint64_t now_ms) noexcept {
    if (connections < threshold_)
      return false;
    // relaxed: only who rings is decided here, and nothing is read behind it
    std::uint64_t until = quiet_until_ms_.load(std::memory_order_relaxed);
    return now_ms >= until &&
           quiet_until_ms_.compare_exchange_strong(until, now_ms + cooldown_ms_, std::memory_order_relaxed);
  }

private:
  const std::size_t threshold_;
  const std::uint64_t cooldown_ms_;
  std::atomic<std::uint64_t> quiet_until_ms_{0};
};

} // namespace perron::supervisors::core
