// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/hangup.hpp>
#include <perron/httpd/program/keeper.hpp>
#include <perron/supervisors/app.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace perron::httpd::program {

/// The children of the program, or of each of its nodes. Bottom up: servers before who starts them, and who
/// is asked last. `watchdog`: how often the service manager wants to hear that all is well.
app::children tree_of(const std::shared_ptr<running_program>& p,
                      std::optional<std::chrono::microseconds> watchdog, hangup& signals);

/// Says, once all listeners are open in all nodes, where they are: on standard output and to the service
/// manager.
void announce(const running_program& p);

} // namespace perron::httpd::program
