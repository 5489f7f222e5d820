// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>

#include <string>
#include <vector>

namespace perron::httpd::program {

/// What is at the top of a file, before listeners and sites have got what [limits] and [defaults] say.
struct document_settings {
  std::vector<std::string> include{}; ///< done by the loader, which takes it out
  process_settings server{};
  log_settings log{};
  admin_settings admin{};
  limit_settings limits{};
  site_settings defaults{};
  std::vector<listener_settings> listeners{};
  std::vector<site_definition> sites{};
};

} // namespace perron::httpd::program
