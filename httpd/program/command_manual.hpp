// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace perron::httpd::program {

/// perron(1), of the commands and options that the program has.
std::string command_manual(const CLI::App& app);

} // namespace perron::httpd::program
