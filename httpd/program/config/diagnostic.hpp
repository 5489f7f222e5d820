// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/settings.hpp>

#include <string>
#include <vector>

namespace perron::httpd::program {

/// One thing that is wrong with a configuration.
struct diagnostic {
  source_place place{};
  std::string key{};    ///< "site.auth.realm"; empty if no key is meant
  std::string what{};   ///< what is wrong: "is 3, less than 8"
  std::string remedy{}; ///< what would be right: "write 8 to 4096"

  /// "perron.toml:12:3: site.auth.realm: is 3, less than 8; write 8 to 4096", without a line end.
  std::string to_string() const;
};

/// All of them, a line each, by file and line.
std::string to_text(std::vector<diagnostic> errors);

} // namespace perron::httpd::program
