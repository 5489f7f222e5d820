// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace perron::supervisors {

/// Counts the restarts of one supervisor and says when they are too many (otp-semantics 5.4): no more than
/// `intensity` within `period` seconds, both ends counted. Intensity 0 allows none.
///
/// Reads no clock: `now` is whole seconds of any clock that does not go back. Keeps one number per restart
/// within the period. Not synchronised.
class restart_intensity {
public:
  restart_intensity(std::uint32_t intensity, std::int64_t period) noexcept
      : intensity_(intensity), period_(period) {}

  /// Counts a restart at `now`. False: it is one too many, give up.
  bool admit(std::int64_t now) {
    while (!times_.empty() && times_.front() < now - period_)
      times_.pop_front();
    times_.push_back(now);
    return times_.size() <= intensity_;
  }

  /// How many are counted, those of the last call's period.
  std::size_t counted() const noexcept { return times_.size(); }

private:
  std::uint32_t intensity_;
  std::int64_t period_;
  std::deque<std::int64_t> times_; ///< oldest first
};

} // namespace perron::supervisors
