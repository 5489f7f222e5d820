// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::supervisors::core {

/// Lines of supervisors and applications in the log "perron" of spdlog, which is made to write to standard
/// error if the program has not registered its own. Any thread.
void log_error(std::string_view text);
void log_info(std::string_view text);

/// The text with control characters escaped and cut after 4 KiB, since part of it may come from a peer.
std::string printable(std::string_view text);

} // namespace perron::supervisors::core
