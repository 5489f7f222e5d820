// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <vector>

namespace perron::supervisors::core {

/// Mail to the parent: this supervisor and all its children are up.
struct start_acknowledged {
  runtime::pid who;
};

/// start_supervisor without the wait. The caller then gets either a start_acknowledged, or a down of the
/// monitor with the reason, and ends the monitor in the first case.
runtime::result<runtime::monitored> begin_supervisor(supervisor_options options,
                                                     std::vector<child_spec> children);

} // namespace perron::supervisors::core
