// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace perron::supervisors {

/// How a program runs its tree.
struct application_options {
  std::string name = "application"; ///< in log lines
  runtime::node_options node{};
  supervisor_options root{};
  /// What an ordered stop may take in all, whatever the children's shutdown rules say. Then all that is left
  /// is killed.
  std::chrono::milliseconds stop_within{30'000};
};

/// Runs a program as a supervision tree until it is told to stop; gives the exit code for main():
///
///     int main() {
///       return run_application({.name = "chat"}, {server_child<lobby>("lobby"), ...});
///     }
///
/// Makes a node and a root supervisor with these children. The first SIGTERM or SIGINT stops the tree in
/// order; one that comes while it stops ends the program at once, with exit code 128 + n. SIGPIPE is ignored
/// for good.
///
/// Gives 0 after an ordered stop, be it by a signal, stop_application() or auto_shutdown of the root; 1, with
/// the reason in the log, if a child could not be started, the root gave up or crashed, or `stop_within` was
/// over.
///
/// Called by the main thread before there are others, which might otherwise be chosen for the signals; blocks
/// it. One at a time.
int run_application(application_options options, std::vector<child_spec> children);

/// What the first SIGTERM does, for programs that end by themselves. Any thread; returns at once.
void stop_application();

} // namespace perron::supervisors
