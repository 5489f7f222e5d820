// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/values.hpp>

#include <string>

namespace perron::httpd::program::values {

/// Reads a text as a path of this kind into `out`: absolute, or with the folder of the file that names it in
/// front. Says so and gives false if it cannot be that; what is there is looked at only if `r` looks at the
/// system.
bool read_path(reading& r, const toml_value& value, path_kind kind, std::string& out);

} // namespace perron::httpd::program::values
