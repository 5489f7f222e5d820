// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace perron::conformance {

/// What one scenario is meant to show differently: these lines of the OTP trace are those of Perron's.
struct difference {
  std::string scenario;
  std::vector<std::string> otp;
  std::vector<std::string> perron;

  /// Puts Perron's lines where OTP's stand; false if they do not stand there, one after the other.
  bool apply(std::vector<std::string>& trace) const;
};

/// Reads differences.txt: "difference SCENARIO", lines "# reason", "otp LINE" and "perron LINE". Throws
/// std::runtime_error if it cannot be read or one has no reason.
std::vector<difference> read_differences(const std::string& path);

} // namespace perron::conformance
