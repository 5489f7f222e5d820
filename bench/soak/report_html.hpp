// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

#include <string>
#include <vector>

namespace perron::soak {

/// The report of a run: one HTML file with its plots in it (SVG), that needs nothing else and no script.
std::string to_html(const run_record& run);

/// Several runs over each other in the same plots, and beside each other in a table. Eight or fewer.
std::string to_html(const std::vector<run_record>& runs, const std::string& title);

} // namespace perron::soak
