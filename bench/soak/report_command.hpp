// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::soak {

/// `perron-soak report a.json [b.json ...] [--title TEXT] [--out x.html]`: the report of a run that was kept,
/// or that of several over each other. argv[0] is the program, argv[1] the word "report". Gives the exit
/// status: 2 for what is not understood.
int report_command(int argc, const char* const* argv);

} // namespace perron::soak
