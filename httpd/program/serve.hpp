// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/config/diagnostic.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// What `perron serve` can be told.
struct serve_options {
  std::string folder = ".";
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;
  bool listing = true;
  bool hidden = false;
  std::string fallback{};           ///< a file of the folder for paths that have none
  std::string certificate{}, key{}; ///< TLS if there is a certificate
  bool quiet = false;               ///< no access log
  unsigned processes = 1;
};

/// A configuration that serves one folder at one address to whoever can reach it, or what is wrong. Files are
/// not cached for long, so that what is edited is seen at once. There is no control socket.
std::pair<configuration, std::vector<diagnostic>> serve_configuration(const serve_options& options);

/// Where a browser finds it: "http://127.0.0.1:8000/".
std::string url_of(const endpoint& at, bool tls);

} // namespace perron::httpd::program
