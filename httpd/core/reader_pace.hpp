// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>

namespace perron::httpd::core {

/// How slow the reader of an answer may be.
struct reader_limits {
  std::chrono::milliseconds write_time; ///< in which it must take something
  std::uint64_t min_rate = 0;           ///< bytes a second; 0: any
  std::chrono::milliseconds grace{};    ///< that it may be behind the rate
};

/// How slow the reader of an answer has been so far. Counts only time in which a writer waits for the socket.
/// What a reader has taken faster than it must earns it nothing for later. Reads no clock and allocates
/// nothing.
class reader_pace {
public:
  explicit reader_pace(const reader_limits& limits) noexcept : limits_(limits) {}

  bool has_rate() const noexcept { return limits_.min_rate != 0; }

  /// How long a writer may wait until the reader must be looked at, one ms at least.
  std::chrono::milliseconds may_wait() const noexcept;

  /// A writer has waited for so long, and the reader took so many bytes in that time. False: it is too slow.
  bool took(std::uint64_t bytes, std::chrono::milliseconds waited) noexcept;

private:
  reader_limits limits_;
  std::chrono::milliseconds idle_{0};   ///< since it took something
  std::chrono::milliseconds behind_{0}; ///< the rate, that long would it take to be there again
};

} // namespace perron::httpd::core
