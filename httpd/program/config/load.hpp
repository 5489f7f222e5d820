// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/config/diagnostic.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd::program {

struct loaded {
  configuration value{}; ///< to be used only if there are no errors
  std::vector<diagnostic> errors{};
};

/// Reads a file and all that it includes, checks it, and fills in what nobody has said. All that is wrong is
/// told, not only the first: of each file, up to its first mistake in TOML itself. Reads files and asks for
/// users; opens nothing. Blocks; not for processes.
loaded load_file(const std::string& file);

/// The same of a text, which includes nothing. `file` is only said, and relative paths begin in its folder;
/// with `looks_at_system` false, what is named need not be there.
loaded load_text(std::string_view text, const std::string& file, bool looks_at_system = true);

/// The configuration of a file, or all its errors, a line for each.
runtime::result<configuration> load(const std::string& file);

} // namespace perron::httpd::program
