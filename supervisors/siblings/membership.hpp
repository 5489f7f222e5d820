// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace perron::siblings::core {

/// Which node of the program this operating-system process is. Set once, before it has threads.
struct membership {
  unsigned self = 0;
  unsigned count = 1;
  std::uint64_t incarnation = 0; ///< how many nodes the parent had started before this one
};

inline membership& mine() noexcept {
  static membership is;
  return is;
}

} // namespace perron::siblings::core
