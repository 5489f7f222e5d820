// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/keeper.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>

// What one node says for all: whichever is asked, by the control socket or at the admin listener. From
// processes.
namespace perron::httpd::program {

/// Lets this node answer when another one asks, as long as it runs; `p` must live so long.
void answer_other_nodes(const running_program& p);

/// As `perron status` shows it: sums, and each node with its process, age and restarts.
nlohmann::json status_of_all(const running_program& p);

metrics_snapshot figures_of_all(const running_program& p);

/// Drains all nodes; returns when the last request of all is over.
runtime::result<void> drain_all(const running_program& p);

/// Whether each node that is up has workers that run. One that has died is its parent's affair and does not
/// count.
bool do_all_nodes_answer(std::chrono::milliseconds patience);

} // namespace perron::httpd::program
