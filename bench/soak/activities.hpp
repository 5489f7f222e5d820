// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/activity.hpp>
#include <perron/bench/soak/connections.hpp>
#include <perron/bench/soak/scenario.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace perron::soak {

/// What one of `processes` client processes does with its `links` links of that share, which have been added
/// to `all` by the time it is used.
std::unique_ptr<activity> make_activity(const scenario& run, std::uint8_t number, std::uint32_t links,
                                        unsigned processes, connections& all);

/// Adds the director's links to `all`, and answers what they do.
std::vector<std::unique_ptr<activity>> direct(const scenario& run, double probes, connections& all);

} // namespace perron::soak
