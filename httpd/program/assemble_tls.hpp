// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/runtime/tls/server_context.hpp>

#include <memory>

namespace perron::httpd::program {

/// What a listener with [listener.tls] shows and accepts: its own certificates and those of its sites. Throws
/// std::invalid_argument with its place in the configuration. Reads the files.
std::shared_ptr<runtime::tls::server_context> assemble_tls(const configuration& from,
                                                           const listener_settings& listener);

} // namespace perron::httpd::program
