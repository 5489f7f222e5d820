// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/scenario.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <string_view>

namespace perron::soak {

/// A scenario written in TOML:
///
///     title = "an evening"
///
///     [[share]]
///     mode = "idle"            # idle, poll, sse, ws, chat, churn, requests, slow
///     connections = 5000       # and path, rate, room, messages, bytes, read_rate, as the options of those
///     names
///
///     [[phase]]
///     kind = "ramp"            # with rate
///     [[phase]]
///     kind = "chaos"           # with seconds, crash, vanish, kill_every
///
/// The other kinds: hold (seconds), publish (count, every), probe, drain. The first has to be a ramp; a drain
/// comes last in any case. `name` stands for the text in errors: "evening.toml:7: share.rooms: there is no
/// such key".
runtime::result<scenario> parse_scenario(std::string_view text, const std::string& name);

/// That of a file. Error: as above, or why it cannot be read, with errno.
runtime::result<scenario> read_scenario(const std::string& file);

} // namespace perron::soak
