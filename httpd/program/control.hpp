// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/keeper.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// The control socket: HTTP/1.1 with JSON over a Unix socket, for root and the user the program runs as, or
// for all whom control_mode lets.
//
//     GET /status    what runs: {"version", "pid", "uptime", "generation", "listeners": [...], ...}
//     GET /routes    {"routes": [{"listener", "host", "method", "pattern", "what"}, ...]}
//     POST /reload   200 when the new configuration is in force; 422 {"error"}: it is not, and why
//     POST /drain    closes all listeners; answers when the last request is over
//     POST /stop     as SIGTERM; answers at once
namespace perron::httpd::program {

/// With several nodes whichever takes the request answers for all: numbers are sums, "nodes" are listed; a
/// reload names those that could not take it.

/// `mode` is that of the socket's file; if it is for the owner alone, the client is asked for besides. `stop`
/// ends the program.
router control_routes(const std::shared_ptr<running_program>& of, unsigned mode, std::function<void()> stop);

/// Makes the folder of the socket, for the user that the program is going to run as. If it is
/// there it must be writable.
runtime::result<void> make_control_folder(const process_settings& of);

/// The socket for several nodes, on their shelf.
runtime::result<void> open_control(const process_settings& of, const shared_program& with);

/// The server on that socket. `stop` as above.
supervisors::child_spec control_child(const std::shared_ptr<running_program>& of, std::function<void()> stop);

nlohmann::json to_json(const program_status& s);
nlohmann::json to_json(const std::vector<route_line>& lines);

} // namespace perron::httpd::program
