// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace perron::httpd::program {

/// perron.toml(5), of the table of keys: every key with its kind, default, text and an example.
std::string configuration_manual();

} // namespace perron::httpd::program
