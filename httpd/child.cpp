// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/child.hpp>

#include <utility>

namespace perron::httpd {

supervisors::child_spec server_child(std::string id, server_options options, hosts sites) {
  supervisors::child_spec spec;
  spec.id = std::move(id);
  spec.shutdown = options.drain_time + std::chrono::seconds(3);
  spec.start = [options = std::move(options), sites = std::move(sites)] {
    return start_server(options, sites);
  };
  return spec;
}

} // namespace perron::httpd
