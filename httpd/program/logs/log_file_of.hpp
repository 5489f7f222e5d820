// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_file.hpp>
#include <perron/httpd/program/config/configuration.hpp>

#include <string>

namespace perron::httpd::program {

/// A log file as the configuration wants all of them. One that is made as root is given to [server] user,
/// who is to open it again after a reload. `shared`: other processes write it too.
log_file_options log_file_of(const configuration& from, const std::string& path, bool shared);

} // namespace perron::httpd::program
