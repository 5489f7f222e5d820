// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/assemble.hpp>

#include <perron/httpd/program/assemble_rules.hpp>
#include <perron/httpd/program/assemble_site.hpp>
#include <perron/httpd/program/assemble_tls.hpp>
#include <perron/httpd/program/service/children.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <string>
#include <utility>

namespace perron::httpd::program {
namespace {

constexpr std::string_view unix_mark = "unix:";

const listener_settings* find_listener(const configuration& in, const std::string& name) {
  const auto at = std::find_if(in.listeners.begin(), in.listeners.end(),
                               [&](const listener_settings& l) { return l.name == name; });
  return at != in.listeners.end() ? &*at : nullptr;
}

/// Where requests without TLS are to go.
std::uint16_t tls_port_of(const configuration& in, const site_definition& site) {
  for (const std::string& name : site.listeners)
    if (const listener_settings* l = find_listener(in, name); l != nullptr && l->tls)
      for (const endpoint& e : l->listen)
        if (e.port != 0)
          return e.port;
  return 443;
}

server_options options_of(const configuration& in, const listener_settings& l, const endpoint& where) {
  const limit_settings& said = l.limits;
  server_options out;
  out.host = where.host;
  out.port = where.port;
  out.unix_mode = 0666; // as open as a port; who it is for, the folder's rights say
  out.backlog = l.backlog;
  out.max_connections = said.max_connections;
  out.hard_limit = said.hard_limit;
  out.retry_after = std::chrono::duration_cast<std::chrono::seconds>(said.retry_after);
  out.per_address = {.max_connections = said.address_connections,
                     .requests_per_second = said.address_rate,
                     .burst = said.address_burst,
                     .ipv6_prefix = said.address_ipv6_prefix,
                     .max_addresses = said.address_table};
  out.proxy_protocol_from = l.proxy_protocol_from;
  out.head = {
      .max_head_bytes = said.max_head, .max_target = said.max_target, .max_headers = said.max_headers};
  out.head_time = said.head_time;
  out.idle_time = said.idle_time;
  out.body_grace = said.body_grace;
  out.unread_body = said.unread_body;
  out.unread_body_time = said.unread_body_time;
  out.write_grace = said.write_grace;
  out.max_unsent = said.max_unsent;
  out.max_in_flight = said.max_in_flight;
  out.drain_time = in.server.drain_time;
  if (l.tls) {
    out.tls_uses_kernel = l.tls->uses_kernel;
    out.handshake_time = l.tls->handshake_time;
    out.max_handshakes = l.tls->max_handshakes;
  }
  return out;
}

struct made_site {
  assembled_site parts;
  std::shared_ptr<access_sink> sink;
};

assembled_listener bare(const configuration& in, const listener_settings& l, const endpoint& where) {
  assembled_listener out;
  out.name = l.name;
  out.where = where;
  out.tls = l.tls;
  if (l.tls)
    out.certificates = certificates_of(in, l);
  out.options = options_of(in, l, where);
  out.place = l.place;
  return out;
}

/// The listener for metrics and health.
assembled_listener bare_admin(const configuration& in) {
  assembled_listener out;
  out.name = "admin";
  out.is_admin = true;
  out.where = *in.admin.listen;
  out.options = admin_options(in.admin);
  return out;
}

assembled_listener admin_of(const configuration& in, const assembly_parts& parts) {
  assembled_listener out = bare_admin(in);
  router routes = admin_router(in.admin, parts.gather, parts.state, parts.lives);
  for (std::size_t i = 0; i < routes.table().size(); ++i) {
    const route& each = routes.table()[i];
    out.routes.push_back({listener_url(out.where, false), "*", each.method, each.pattern, "admin"});
  }
  out.sites = std::move(routes);
  return out;
}

} // namespace

std::string listener_url(const endpoint& where, bool is_tls) {
  if (where.host.starts_with(unix_mark))
    return where.host;
  const bool is_six = where.host.find(':') != std::string::npos;
  return (is_tls ? "https://" : "http://") + (is_six ? '[' + where.host + ']' : where.host) + ':' +
         std::to_string(where.port);
}

std::vector<assembled_listener> bare_listeners(const configuration& from) {
  std::vector<assembled_listener> out;
  for (const listener_settings& l : from.listeners)
    for (const endpoint& where : l.listen)
      out.push_back(bare(from, l, where));
  if (from.admin.listen)
    out.push_back(bare_admin(from));
  return out;
}

runtime::result<std::vector<assembled_listener>> assemble(const configuration& from,
                                                          const assembly_parts& parts) {
  try {
    std::map<const site_definition*, made_site> made;
    std::vector<assembled_listener> out;
    for (const site_definition& site : from.sites) {
      site_rules rules(from, site, tls_port_of(from, site), parts);
      assembled_site answers = assemble_site(site, rules);
      made[&site] = {std::move(answers), rules.sink_of(site.settings)};
    }
    const bool tells_some = tells_anything(from);
    for (const listener_settings& l : from.listeners) {
      std::shared_ptr<runtime::tls::server_context> context;
      if (l.tls)
        context = assemble_tls(from, l);
      hosts sites;
      std::vector<route_line> lines;
      std::vector<std::shared_ptr<module_slot>> modules;
      std::shared_ptr<access_sink> sink;
      bool is_first = true;
      for (const site_definition* site : sites_of(from, l)) {
        const made_site& answers = made.at(site);
        std::string first;
        for (const std::string& name : site->names) {
          if (first.empty())
            sites.add(name, answers.parts.routes);
          else
            sites.alias(name, first);
          if (first.empty())
            first = name;
        }
        // the first is the default
        if (std::exchange(is_first, false)) {
          if (first.empty())
            sites.otherwise(answers.parts.routes);
          else
            sites.otherwise_as(first);
          sink = answers.sink;
        }
        modules.insert(modules.end(), answers.parts.modules.begin(), answers.parts.modules.end());
        for (route_line line : answers.parts.lines) {
          line.host = first.empty() ? "*" : first;
          lines.push_back(std::move(line));
        }
      }
      for (const endpoint& where : l.listen) {
        assembled_listener each = bare(from, l, where);
        each.options.tls = context;
        each.sites = sites;
        each.routes = lines;
        each.modules = modules;
        if (tells_some)
          each.options.access = sink != nullptr ? sink : no_log();
        for (route_line& line : each.routes)
          line.listener = listener_url(where, each.tls.has_value());
        out.push_back(std::move(each));
      }
    }
    if (from.admin.listen)
      out.push_back(admin_of(from, parts));
    return out;
  } catch (const std::exception& e) {
    return runtime::error{e.what()};
  }
}

} // namespace perron::httpd::program
