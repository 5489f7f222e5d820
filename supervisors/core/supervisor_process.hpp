// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/process.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/core/child_table.hpp>
#include <perron/supervisors/core/process_world.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace perron::supervisors::core {

/// How the process of a supervisor, of whatever kind, is to be run.
struct supervisor_plan {
  process_world::settings world;
  supervisor_facts facts;
  /// Says what is wrong with a spec that start_child was given.
  std::function<runtime::result<void>(const child_spec&)> check;
  std::function<std::unique_ptr<child_table>(environment&)> make_table;
  std::vector<child_spec> children; ///< that it starts with
};

/// Starts the process, linked to and monitored by the caller. The caller then gets either a
/// start_acknowledged, or a down of the monitor with the reason, and ends the monitor in the first case.
/// Error: the name is taken.
runtime::result<runtime::monitored> begin_process(supervisor_plan plan);

/// Waits for what begin_process promises.
runtime::result<runtime::pid> wait_for_supervisor(const runtime::monitored& made);

} // namespace perron::supervisors::core
