// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace perron::runtime {

/// The log of spdlog registered as "perron"; one that writes coloured lines to standard error is registered
/// if the program has none. Any thread.
std::shared_ptr<spdlog::logger> perron_log();

/// The text for one line of a log: control characters, of ASCII and of Latin-1 in its UTF-8 form, escaped, as
/// part of it may come from a peer, and cut after 4 KiB.
std::string printable(std::string_view text);

} // namespace perron::runtime
