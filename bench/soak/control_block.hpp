// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace perron::soak {

/// What the parent tells all client processes, in an anonymous shared mapping; all zero at first. After a
/// change it writes to each one's eventfd, which is the order the others rely on: they read when woken.
///
/// | field         | written by                        | read by      |
/// |---------------|-----------------------------------|--------------|
/// | phases_begun  | the parent, after phase_began_ns  | the clients  |
/// | ending        | the parent, once                  | the clients  |
/// | publishes, repeats | the parent                   | the director |
/// | kills, killed | the parent: killed[n] before kills is n + 1, and that before the kill | the clients |
struct control_block {
  static constexpr std::size_t most_kills = 1024;

  struct kill {
    std::atomic<std::uint32_t> pid{0};
    std::atomic<std::int64_t> at_ns{0};
  };

  std::atomic<std::uint32_t> phases_begun{0}; ///< of the scenario; the last of them is now
  std::atomic<std::int64_t> phase_began_ns{0};
  std::atomic<bool> ending{false};         ///< everybody leaves at once, whatever the phase
  std::atomic<std::uint32_t> publishes{0}; ///< ordered in all
  std::atomic<std::uint32_t> repeats{0};   ///< of the last one: for polls that came a moment too late
  std::atomic<std::uint32_t> kills{0};
  std::array<kill, most_kills> killed{};
};

} // namespace perron::soak
