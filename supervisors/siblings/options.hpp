// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/back_off.hpp>

#include <chrono>

namespace perron::siblings {

/// How the parent of several nodes treats them. The defaults are right for a server.
struct parent_options {
  /// How long a node that ended is left alone before it is started again. Never without a wait: `initial` of
  /// 0 is 1 ms.
  supervisors::back_off restart{.initial = std::chrono::milliseconds(100),
                                .factor = 2.0,
                                .ceiling = std::chrono::milliseconds(30'000),
                                .jitter = 0.2,
                                .healthy_after = std::chrono::milliseconds(10'000)};
  /// The program gives up when a node has failed so many times in a row, each within restart.healthy_after of
  /// its start, and no other node is older than that.
  unsigned most_failures = 5;
  /// A node that has not read for so long what it was sent is killed and started again.
  std::chrono::milliseconds unresponsive_after{30'000};
};

} // namespace perron::siblings
