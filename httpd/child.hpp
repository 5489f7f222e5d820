// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/server.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <string>

namespace perron::httpd {

/// A server as the child of a supervisor, with a shutdown time that leaves its requests their drain_time.
supervisors::child_spec server_child(std::string id, server_options options, hosts sites);

} // namespace perron::httpd
