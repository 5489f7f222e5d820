// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/runtime/result.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// What stands behind the commands of `perron`: cli.cpp reads the command line and calls these. Each gives the
// program's exit code: 0 it went well, 1 it did not and stderr says why.
namespace perron::httpd::program {

enum exit_code : int { exit_ok = 0, exit_failed = 1, exit_usage = 2 };

/// How a configuration comes to be, again at each reload; it is valid or has told why not on stderr.
struct run_options {
  /// Reads the configuration anew, for a reload. Gives it, or what is wrong with it, a line for each error.
  std::function<runtime::result<configuration>()> load{};
  /// Told once that all listeners are open, in the main thread's stead: `serve` says its URLs.
  std::function<void(const std::vector<endpoint>&)> ready{};
};

/// Serves until it is told to stop by SIGTERM, SIGINT or the control socket. SIGHUP reloads.
int run(configuration first, run_options options);

/// `command` is status, reload, stop, drain or routes: sends it to the program at `socket`, prints its
/// answer. `json`: as JSON rather than for people.
int control(std::string_view command, const std::string& socket, bool json);

} // namespace perron::httpd::program
