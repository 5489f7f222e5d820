// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/metrics/admin.hpp>
#include <perron/httpd/program/service/notify.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

// Children of the program's tree that operate it.
namespace perron::httpd::program {

/// Feeds the service manager's watchdog; see watch_node().
supervisors::child_spec watchdog_child(notifier to, std::chrono::microseconds interval,
                                       std::function<bool()> is_well);

/// The last child of the tree, and so the first that is told to stop: says then that the program drains, to
/// /readyz and to the service manager, and that it stops; if `leaves` says no, it says nothing.
supervisors::child_spec farewell_child(notifier to, std::shared_ptr<readiness_state> state,
                                       std::function<bool()> leaves = {});

/// The admin listener as server_options: those of [admin], with as many connections as it needs. Its `listen`
/// must be set.
server_options admin_options(const admin_settings& of);
/// admin_routes() behind the addresses that [admin] allows.
router admin_router(const admin_settings& of, std::function<metrics_snapshot()> gather,
                    std::shared_ptr<const readiness_state> state, std::function<bool()> lives = {});

} // namespace perron::httpd::program
