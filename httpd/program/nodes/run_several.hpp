// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/keeper.hpp>
#include <perron/httpd/program/service/activation.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace perron::httpd::program {

/// run() for a configuration with more than one of processes: what has to be there before them, then their
/// parent. Returns in each of them, and in the parent; gives the exit code. README.md in this folder.
///
/// `p` has its configuration, log and options, `workers` are those of a node. There is no thread yet.
int run_several(const std::shared_ptr<running_program>& p, unsigned workers,
                std::optional<std::chrono::microseconds> watchdog, std::vector<inherited_socket> handed_in);

} // namespace perron::httpd::program
