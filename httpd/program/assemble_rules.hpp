// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_record.hpp>
#include <perron/httpd/program/assemble.hpp>
#include <perron/httpd/routes.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd::program {

/// Makes the middleware of one site and its locations, which share what the site says itself: one rate limit,
/// one list of users. Mistakes are thrown, as the rules throw them.
class site_rules {
public:
  /// All must outlive it. `tls_port` is where its requests without TLS are sent.
  site_rules(const configuration& all, const site_definition& site, std::uint16_t tls_port,
             const assembly_parts& parts)
      : all_(all), site_(site), tls_port_(tls_port), parts_(parts) {}

  /// The outermost first, in the order that assemble() documents. `local`: those of the site itself or of a
  /// location.
  std::vector<middleware> around(const site_settings& local);

  /// Who is told of its requests, the log and who counts; null: nobody.
  std::shared_ptr<access_sink> sink_of(const site_settings& local);

private:
  std::shared_ptr<access_sink> log_of(const site_settings& local) const;
  void add_headers(const site_settings& local, std::vector<middleware>& to) const;
  void add_access(const site_settings& local, std::vector<middleware>& to);
  middleware limit(const rate_limit_settings& said);
  middleware auth(const auth_settings& said);

  const configuration& all_;
  const site_definition& site_;
  const std::uint16_t tls_port_;
  const assembly_parts& parts_;
  std::vector<std::pair<std::string, std::shared_ptr<access_sink>>> sinks_{}; ///< by log and format
  middleware limit_of_site_{};                                                ///< made when first asked for
  middleware auth_of_site_{};
};

/// Whether any site or location has an access log, or is counted.
bool tells_anything(const configuration& all);
/// A sink that keeps nothing.
std::shared_ptr<access_sink> no_log();

/// `inside` with all of these around it, as one handler whose copies share them.
handler with_rules(const std::vector<middleware>& around, handler inside);

} // namespace perron::httpd::program
