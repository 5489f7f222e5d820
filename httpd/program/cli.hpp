// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::httpd::program {

/// The whole of `perron`: reads the command line and does what it says. Gives the exit code: 0 done, 1
/// failed, 2 wrongly called; stderr says why. Throws nothing.
int command_line(int argc, const char* const* argv);

} // namespace perron::httpd::program
