// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/node.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/core/app_state.hpp>
#include <perron/supervisors/siblings/parent.hpp>

#include <memory>

/// What app::run does for a program of several processes.
namespace perron::siblings::core {

/// Forks the nodes; returns in them, and at the end in the parent. Sets the workers of the nodes if the spec
/// leaves them open. Throws std::runtime_error if there are threads already, which a fork would lose.
parent::outcome run_parent(app::spec& what);

/// Makes the link of a node, before its tree; the descriptor is the link's from then on.
void begin_link(runtime::node& node, int socket, const std::shared_ptr<supervisors::core::app_state>& app);

/// Has the parent stop all nodes in order. False: there is none.
bool stop_all();

} // namespace perron::siblings::core
