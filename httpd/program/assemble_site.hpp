// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/assemble.hpp>
#include <perron/httpd/program/assemble_rules.hpp>
#include <perron/httpd/routes.hpp>

#include <memory>
#include <string>
#include <vector>

namespace perron::httpd::program {

/// A site as the router that answers for it.
struct assembled_site {
  router routes{};
  std::vector<route_line> lines{}; ///< without listener and host
  std::vector<std::shared_ptr<module_slot>> modules{};
};

/// Throws what the rules and handlers throw, as std::invalid_argument that begins with the place in the
/// configuration.
assembled_site assemble_site(const site_definition& site, site_rules& rules);

} // namespace perron::httpd::program
