// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/document_settings.hpp>
#include <perron/httpd/program/config/values.hpp>

namespace perron::httpd::program {

using namespace values;

namespace {
using top = document_settings;
} // namespace

const section& top_keys() {
  static const section keys{
      "the top of the file",
      "",
      {
          {"include", texts(access(&top::include), words::glob), "[\"sites.d/*.toml\"]",
           "Other files that are read as if they stood here, in the order of their names. Patterns as in "
           "sh(1), "
           "relative to the folder of this file, as relative paths in the other file are to its own. A file "
           "can be "
           "included once.",
           "subconfig subconfigdir import includes"},
          {"server", table(&top::server, server_keys()), "", "The process."},
          {"log", table(&top::log, log_keys()), "", "Logs.", "logs logging"},
          {"admin", table(&top::admin, admin_keys()), "", "Figures and health."},
          {"limits", table(&top::limits, limit_keys()), "", "Bounds for connections."},
          {"defaults", table(&top::defaults, settings_keys()), "", "What all sites begin with."},
          {.name = "listener",
           .value = tables(&top::listeners, listener_keys(),
                           std::function<listener_settings(const top&)>(
                               [](const top& of) { return listener_settings{.limits = of.limits}; })),
           .example = "",
           .text = "Where to listen.",
           .others = "listen listeners",
           .last = true},
          {.name = "site",
           .value =
               tables(&top::sites, site_keys(), std::function<site_definition(const top&)>([](const top& of) {
                 return site_definition{.settings = of.defaults};
               })),
           .example = "",
           .text = "Hosts, and what they answer.",
           .others = "sites vhost virtualhost host hosts http",
           .last = true},
      },
      fresh<top>()};
  return keys;
}

} // namespace perron::httpd::program
