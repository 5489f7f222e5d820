// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>

#include <string>

namespace perron::httpd::program {

/// The configuration as one TOML file without includes, [limits] and [defaults]: what counts in the end.
/// Every key of the process, listeners and sites stands in it, those of a location where they differ from
/// their site's. Reading it gives the same configuration again.
std::string to_toml(const configuration& whole);

} // namespace perron::httpd::program
