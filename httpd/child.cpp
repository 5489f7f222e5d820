// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/child.hpp>

#include <utility>

namespace perron::httpd {

supervisors::child_spec server_child(std::string id, server_options options, router routes) {
  supervisors::child_spec spec;
  spec.id = std::move(id);
  spec.shutdown = options.drain_time + std::chrono::seconds(3);
  spec.start = [options = std::move(options), routes = std::move(routes)] {
    return start_server(options, routes);
  };
  return spec;
}

} // namespace perron::httpd
