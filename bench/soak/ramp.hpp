// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace perron::soak {

/// Events at a steady rate from a moment on: number 0 is due at once. A value; times in ns of one clock.
struct ramp {
  std::int64_t began_ns = 0;
  double per_second = 0; ///< 0: all are due at once

  /// How many are due by now.
  std::uint64_t due(std::int64_t now_ns) const {
    if (now_ns < began_ns)
      return 0;
    if (per_second <= 0)
      return std::numeric_limits<std::uint64_t>::max();
    return 1 + static_cast<std::uint64_t>(static_cast<double>(now_ns - began_ns) * per_second / 1e9);
  }

  /// When number `n` is due: due(when(n)) > n.
  std::int64_t when(std::uint64_t n) const {
    if (per_second <= 0)
      return began_ns;
    return began_ns + static_cast<std::int64_t>(std::ceil(static_cast<double>(n) * 1e9 / per_second));
  }
};

} // namespace perron::soak
