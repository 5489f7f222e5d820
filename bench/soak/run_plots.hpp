// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/plot.hpp>
#include <perron/bench/soak/run_record.hpp>

#include <string>
#include <vector>

namespace perron::soak {

/// The plots of a run, in the order of a report. Those that would be empty are not there.
std::vector<plot> plots_of(const run_record& run);

/// The plots that lay several runs over each other, a colour for each.
std::vector<plot> plots_of(const std::vector<run_record>& runs);

} // namespace perron::soak
