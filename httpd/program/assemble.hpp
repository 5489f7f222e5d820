// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_log/log_writer.hpp>
#include <perron/httpd/hosts.hpp>
#include <perron/httpd/program/config/configuration.hpp>
#include <perron/httpd/program/metrics/admin.hpp>
#include <perron/httpd/program/metrics/request_counts.hpp>
#include <perron/httpd/server.hpp>
#include <perron/runtime/result.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Out of a configuration, which is values only, what servers are started with.
namespace perron::httpd::program {

class module_slot;

/// One line of `perron routes`.
struct route_line {
  std::string listener{}; ///< "http://0.0.0.0:80"
  std::string host{};     ///< "example.org"; "*": whatever nobody else has
  std::string method = "*";
  std::string pattern{}; ///< "/downloads/*"
  std::string what{};    ///< "files of /srv/www"

  friend bool operator==(const route_line&, const route_line&) = default;
};

/// What one address answers with.
struct assembled_listener {
  std::string name{}; ///< of its settings
  endpoint where{};
  std::optional<tls_settings> tls{};
  std::vector<certificate_settings> certificates{}; ///< with TLS: those of the listener and its sites
  server_options options{};
  hosts sites{};
  std::vector<route_line> routes{};
  std::vector<std::shared_ptr<module_slot>> modules{}; ///< to be loaded before any server answers with them
  source_place place{};
  bool is_admin = false; ///< stays open while the program drains
};

/// "http://127.0.0.1:8080", "https://[::1]:443", "unix:/run/web.sock".
std::string listener_url(const endpoint& where, bool is_tls);

/// What goes on from one configuration to the next, and what is assembled may use.
struct assembly_parts {
  std::shared_ptr<log_writer> logs{};
  std::size_t workers = 1;
  // for the admin listener
  std::shared_ptr<site_counters> counters{};
  std::shared_ptr<const readiness_state> state{};
  std::function<metrics_snapshot()> gather{};
  std::function<bool()> lives{}; ///< see admin_routes
  bool shares_files = false;     ///< other processes write the same logs
};

/// The listeners alone, with their options but no sites, as far as can be said without reading files: what
/// sockets are opened by.
std::vector<assembled_listener> bare_listeners(const configuration& from);

/// Makes all that the configuration asks for: reads tables, pages, users and modules, opens logs. Opens no
/// socket and changes nothing that runs. The error says where in the configuration, and what. Waits for the
/// disk.
///
/// A site stands on all its listeners with the same handlers, so that limits and caches are one. In a site
/// the location with the longest path answers; the site itself is the location "/". Around what answers
/// stand, the outermost first: access log, header fields, forwarded_for, ACME challenges, the redirect to
/// https, allow and deny, CORS, rate limit, auth, redirects, compression. Rewrites of a site come before all
/// of that and choose the location; those of a location choose among its files only.
runtime::result<std::vector<assembled_listener>> assemble(const configuration& from,
                                                          const assembly_parts& parts);

} // namespace perron::httpd::program
