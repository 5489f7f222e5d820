// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/metrics/admin.hpp>
#include <perron/runtime/result.hpp>

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace perron::httpd::program {

/// What the nodes of a program see of each other without asking: memory that all share, made before the fork.
///
/// | field      | who may touch it                                                            |
/// |------------|-----------------------------------------------------------------------------|
/// | state      | written by whoever starts, drains, reloads and stops the program; read by all|
/// | generation | written by who holds the turn of the configuration; read by all             |
/// | announced, | exchanged once by the node that does it                                     |
/// |  stopping  |                                                                             |
/// | nodes[i]   | written by node i while it starts and stops; read by all                    |
///
/// Nothing else is read because of any of these but the text of the configuration, which has its own lock.
struct board {
  struct node {
    std::atomic<pid_t> pid{0};
    std::atomic<std::uint64_t> starts{0};
    std::atomic<bool> ready{false};   ///< has been, once
    std::atomic<bool> leaving{false}; ///< stops
  };

  readiness_state state{readiness::starting}; ///< of the program, for /readyz
  std::atomic<std::uint64_t> generation{1};   ///< of the configuration in force
  std::atomic<bool> announced{false};         ///< that all are ready
  std::atomic<bool> stopping{false};          ///< the service manager has been told
  std::array<node, most_processes> nodes{};

  static runtime::result<std::shared_ptr<board>> make();
};

} // namespace perron::httpd::program
