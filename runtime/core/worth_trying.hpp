// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace perron::runtime::core {

/// Whether to try what saves more than it costs if it succeeds, and is worth nothing if it does not; as, to
/// read from a socket before any event tells of bytes. After some failures in a row only a few attempts are
/// made, to see whether that has changed. Belongs to one worker.
class worth_trying {
public:
  bool now() noexcept { return failures_ < most_failures || ++left_out_ % one_of == 0; }
  /// After an attempt.
  void was(bool success) noexcept {
    failures_ = success ? std::uint8_t(0) : std::min(std::uint8_t(failures_ + 1), most_failures);
  }

private:
  static constexpr std::uint8_t most_failures = 8;
  static constexpr std::uint8_t one_of = 16;
  std::uint8_t failures_ = 0; ///< in a row
  std::uint8_t left_out_ = 0;
};

} // namespace perron::runtime::core
