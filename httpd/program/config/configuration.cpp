// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/configuration.hpp>

#include <algorithm>

namespace perron::httpd::program {

std::string source_place::to_string() const {
  return line == 0 ? file : file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

std::vector<const site_definition*> sites_of(const configuration& of, const listener_settings& listener) {
  std::vector<const site_definition*> sites;
  for (const auto& site : of.sites)
    if (std::find(site.listeners.begin(), site.listeners.end(), listener.name) != site.listeners.end())
      sites.push_back(&site);
  std::stable_partition(sites.begin(), sites.end(), [](const auto* site) { return site->is_default; });
  return sites;
}

std::vector<certificate_settings> certificates_of(const configuration& of,
                                                  const listener_settings& listener) {
  std::vector<certificate_settings> all;
  const auto add = [&](const std::vector<certificate_settings>& more) {
    for (const auto& one : more)
      if (std::find(all.begin(), all.end(), one) == all.end())
        all.push_back(one);
  };
  if (listener.tls)
    add(listener.tls->certificates);
  for (const auto* site : sites_of(of, listener))
    add(site->certificates);
  return all;
}

} // namespace perron::httpd::program
