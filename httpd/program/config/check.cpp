// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/format.hpp>
#include <perron/httpd/headers.hpp>
#include <perron/httpd/program/config/check.hpp>
#include <perron/httpd/program/config/document.hpp>
#include <perron/httpd/program/config/spelling.hpp>
#include <perron/httpd/program/config/units.hpp>

#include <algorithm>
#include <grp.h>
#include <map>
#include <pwd.h>

namespace perron::httpd::program {

namespace {

std::string item(std::string_view list, std::size_t index) {
  return std::string(list) + '[' + std::to_string(index + 1) + ']';
}

/// `name` gives views into what is in `all`.
template <class Range, class Name>
std::string did_you_mean(const std::string& wrong, const Range& all, Name name) {
  std::vector<std::string_view> known;
  known.reserve(all.size());
  for (const auto& one : all)
    known.push_back(name(one));
  const auto meant = closest(wrong, known);
  return meant.empty() ? "" : "; did you mean " + toml_text(meant) + '?';
}

void complete_certificates(std::vector<certificate_settings>& all) {
  for (auto& one : all)
    if (one.key.empty())
      one.key = one.certificate;
}

/// A path of a location as it counts.
std::string_view without_slash(std::string_view path) noexcept {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

void check_server(const process_settings& server, reading& r) {
  if (!r.looks_at_system())
    return;
  if (!server.user.empty() && getpwnam(server.user.c_str()) == nullptr)
    r.fail_at("server.user", "there is no user " + toml_text(server.user),
              "make it, say with `adduser --system --group " + server.user + "`, or name another");
  if (!server.group.empty() && getgrnam(server.group.c_str()) == nullptr)
    r.fail_at("server.group", "there is no group " + toml_text(server.group), "make it, or name another");
}

void check_limits(const limit_settings& limits, const std::string& path, reading& r) {
  if (limits.hard_limit != 0 && limits.hard_limit < limits.max_connections)
    r.fail_at(path + ".hard_limit", "is less than max_connections, " + std::to_string(limits.max_connections),
              "make it more, or 0");
  if (limits.max_target > limits.max_head)
    r.fail_at(path + ".max_target", "is more than max_head, " + size_text(limits.max_head),
              "make max_head more");
  if (limits.address_burst != 0 && limits.address_rate == 0)
    r.fail_at(path + ".address_burst", "does nothing without address_rate", "write address_rate as well");
}

void check_tls(const configuration& whole, const listener_settings& listener, const std::string& path,
               reading& r) {
  const auto& tls = *listener.tls;
  if (certificates_of(whole, listener).empty())
    r.fail_at(path, "has no certificate, and no site of this listener has one",
              "write certificate and key here or in a [[site]]");
  if (tls.client == "none" && !tls.client_ca.empty())
    r.fail_at(path + ".client_ca", "does nothing, as clients are not asked for a certificate",
              "write client = \"optional\" or \"required\" as well");
  if (tls.client != "none" && tls.client_ca.empty())
    r.fail_at(path + ".client", "nobody is there to vouch for the clients",
              "write client_ca = \"FILE\" with who may issue their certificates");
  if (tls.min_version == "1.3" && !tls.ciphers.empty())
    r.fail_at(path + ".ciphers", "are those of TLS 1.2, which min_version = \"1.3\" forbids",
              "write ciphersuites, or min_version = \"1.2\"");
}

/// Two certificates one beside the other, and the list, in the table at `path`.
void check_certificate_keys(const std::vector<certificate_settings>& all, const std::string& path,
                            reading& r) {
  const auto written = [&](const char* key) { return r.place_of(path + key).line != 0; };
  if (written(".certificates") && (written(".certificate") || written(".key") || written(".ocsp")))
    r.fail_at(path + ".certificates", "stands beside certificate, key or ocsp", "put all into the list");
  else if (!all.empty() && all.front().certificate.empty())
    r.fail_at(path + (all.front().key.empty() ? ".ocsp" : ".key"), "has no certificate",
              "write certificate = \"FILE\" as well");
}

void check_listeners(const configuration& whole, reading& r) {
  std::map<std::string, std::string> names;
  std::map<std::string, std::string> addresses;
  const auto taken = [&](const endpoint& at) {
    // [::] takes the IPv4 addresses as well.
    return at.host == "0.0.0.0" ? "[::]:" + std::to_string(at.port) : endpoint_text(at);
  };
  if (whole.admin.listen)
    addresses.emplace(taken(*whole.admin.listen), "[admin]");
  for (std::size_t i = 0; i < whole.listeners.size(); ++i) {
    const auto& listener = whole.listeners[i];
    const auto path = item("listener", i);
    if (const auto [there, is_new] = names.emplace(listener.name, listener.place.to_string()); !is_new)
      r.fail_at(path + ".name", toml_text(listener.name) + " is the name of the listener at " + there->second,
                "give each its own name");
    for (const auto& at : listener.listen) {
      const auto [there, is_new] = addresses.emplace(taken(at), toml_text(listener.name));
      // Port 0 is another one each time.
      if (!is_new && (at.port != 0 || at.host.starts_with("unix:")))
        r.fail_at(path + ".listen", endpoint_text(at) + " is that of " + there->second + " as well",
                  "listen there once, or somewhere else");
    }
    if (r.place_of(path + ".limits").line != 0)
      check_limits(listener.limits, path + ".limits", r);
    if (listener.tls) {
      check_certificate_keys(listener.tls->certificates, path + ".tls", r);
      check_tls(whole, listener, path + ".tls", r);
    }
    if (sites_of(whole, listener).empty())
      r.fail_at(path, "no site is reached by it", "name it in listeners of a [[site]], or take it out");
  }
}

void check_location(const location_settings& location, const std::string& path, reading& r) {
  std::vector<std::string> actions;
  for (const auto& [name, is_there] :
       {std::pair("alias", !location.alias.empty()), std::pair("module", !location.module.empty()),
        std::pair("return", location.return_status != 0), std::pair("redirect", !location.redirect.empty())})
    if (is_there)
      actions.emplace_back(name);
  if (actions.size() > 1)
    r.fail_at(path + '.' + actions[1], "contradicts " + actions[0], "keep one of them");
  if (actions.empty() && location.settings.roots.empty())
    r.fail_at(path, "has nothing to answer with", "write root, alias, module, return or redirect");
  const auto needs = [&](const char* key, const char* other, bool is_there) {
    if (!is_there && r.place_of(path + '.' + key).line != 0)
      r.fail_at(path + '.' + key, std::string("does nothing without ") + other,
                std::string("write ") + other + " as well, or take it out");
  };
  needs("redirect_status", "redirect", !location.redirect.empty());
  needs("module_options", "module", !location.module.empty());
  needs("body", "return", location.return_status != 0);
  if (location.return_status >= 300 && location.return_status < 400 && location.return_status != 304)
    r.fail_at(path + ".return",
              "is " + std::to_string(location.return_status) + ", which needs a place to go to",
              "write redirect = \"URL\" and redirect_status");
  if (!location.return_body.empty() && (location.return_status == 204 || location.return_status == 304))
    r.fail_at(path + ".body", "an answer with this status has none", "take it out");
  check_redirect(location, path, r);
  check_settings(location.settings, path, r);
}

void check_access_format(const configuration& whole, const site_settings& of, const std::string& path,
                         reading& r) {
  const auto& formats = whole.log.formats;
  for (const char* const known : {"common", "combined", "json"})
    if (of.access_format == known)
      return;
  if (std::none_of(formats.begin(), formats.end(),
                   [&](const text_pair& format) { return format.first == of.access_format; }))
    r.fail_at(path + ".access_format", "there is no format " + toml_text(of.access_format),
              "write common, combined or json, or define it in formats of [log]" +
                  did_you_mean(of.access_format, formats,
                               [](const text_pair& f) -> std::string_view { return f.first; }));
}

void check_site_tls(const configuration& whole, const site_definition& site, const std::string& path,
                    reading& r) {
  const bool has_tls = std::any_of(whole.listeners.begin(), whole.listeners.end(), [&](const auto& listener) {
    return listener.tls &&
           std::find(site.listeners.begin(), site.listeners.end(), listener.name) != site.listeners.end();
  });
  check_certificate_keys(site.certificates, path, r);
  const char* const remedy = "write tls = true in a [[listener]] of this site, or take it out";
  if (!has_tls && !site.certificates.empty())
    r.fail_at(path + ".certificate", "no listener of this site speaks TLS", remedy);
  if (!has_tls && site.https_only)
    r.fail_at(path + ".https_only", "no listener of this site speaks TLS", remedy);
  if (!has_tls && site.hsts.count() != 0)
    r.fail_at(path + ".hsts", "no listener of this site speaks TLS", remedy);
  if (site.hsts_preload && (!site.hsts_subdomains || site.hsts < std::chrono::hours(24) * 365))
    r.fail_at(path + ".hsts_preload", "the lists take sites with hsts of a year and all subdomains only",
              "write hsts = \"365d\" and hsts_subdomains = true as well");
  else if (site.hsts_subdomains && site.hsts.count() == 0)
    r.fail_at(path + ".hsts_subdomains", "does nothing without hsts",
              "write hsts as well, say \"1h\" for a beginning");
}

void check_site(const configuration& whole, const site_definition& site, const std::string& path,
                reading& r) {
  for (const auto& name : site.listeners)
    if (std::none_of(whole.listeners.begin(), whole.listeners.end(),
                     [&](const auto& l) { return l.name == name; }))
      r.fail_at(
          path + ".listeners", "there is no listener " + toml_text(name),
          "write a [[listener]] with this name, or name one that is there" +
              did_you_mean(name, whole.listeners, [](const auto& l) -> std::string_view { return l.name; }));
  check_site_tls(whole, site, path, r);
  check_settings(site.settings, path, r);
  check_access_format(whole, site.settings, path, r);
  if (site.settings.roots.empty() && site.locations.empty() && site.settings.redirects.empty())
    r.fail_at(path, "has nothing to answer with",
              "write root = \"FOLDER\", redirects or a [[site.location]]");
  std::map<std::string, std::string, std::less<>> paths;
  for (std::size_t i = 0; i < site.locations.size(); ++i) {
    const auto& location = site.locations[i];
    const auto at = path + '.' + item("location", i);
    const auto [there, is_new] = paths.emplace(without_slash(location.path), location.place.to_string());
    if (!is_new)
      r.fail_at(at + ".path", toml_text(location.path) + " is that of the location at " + there->second,
                "put both into one");
    check_location(location, at, r);
    if (!(location.settings.access_format == site.settings.access_format))
      check_access_format(whole, location.settings, at, r);
  }
}

/// One name is one site for each listener, and one site answers all other names.
void check_hosts(const configuration& whole, reading& r) {
  for (const auto& listener : whole.listeners) {
    std::map<std::string, std::string> names;
    std::string other;
    for (std::size_t i = 0; i < whole.sites.size(); ++i) {
      const auto& site = whole.sites[i];
      if (std::find(site.listeners.begin(), site.listeners.end(), listener.name) == site.listeners.end())
        continue;
      const auto path = item("site", i);
      for (const auto& name : site.names)
        if (const auto [there, is_new] = names.emplace(name, site.place.to_string()); !is_new)
          r.fail_at(path + ".names", toml_text(name) + " is a name of the site at " + there->second,
                    "name it in one site of the listener " + toml_text(listener.name));
      if (!site.is_default)
        continue;
      if (!other.empty())
        r.fail_at(path + (site.names.empty() ? ".names" : ".default"),
                  (site.names.empty() ? "without names it answers all hosts, as does the site at "
                                      : "so is the site at ") +
                      other,
                  site.names.empty() ? "write names = [\"HOST\"]" : "let one of them be the default");
      other = site.place.to_string();
    }
  }
}

} // namespace

void complete(configuration& whole, const limit_settings& limits) {
  const bool has_certificates = std::any_of(whole.sites.begin(), whole.sites.end(),
                                            [](const auto& site) { return !site.certificates.empty(); });
  if (whole.listeners.empty()) {
    whole.listeners.push_back({.name = "http", .listen = {{.host = "::", .port = 80}}, .limits = limits});
    if (has_certificates)
      whole.listeners.push_back({.name = "https",
                                 .listen = {{.host = "::", .port = 443}},
                                 .tls = tls_settings{},
                                 .limits = limits});
  }
  for (auto& listener : whole.listeners) {
    if (listener.name.empty() && !listener.listen.empty())
      listener.name = endpoint_text(listener.listen.front());
    if (listener.tls)
      complete_certificates(listener.tls->certificates);
  }
  for (auto& site : whole.sites) {
    for (auto& name : site.names)
      std::transform(name.begin(), name.end(), name.begin(), httpd::detail::to_lower);
    if (site.names.empty())
      site.is_default = true;
    if (site.listeners.empty())
      for (const auto& listener : whole.listeners)
        site.listeners.push_back(listener.name);
    complete_certificates(site.certificates);
  }
}

void check(const configuration& whole, const limit_settings& limits, const site_settings& defaults,
           reading& r) {
  check_limits(limits, "limits", r);
  check_defaults(defaults, r);
  check_server(whole.server, r);
  const log_settings usual{};
  for (const auto& [key, is_usual] : {std::pair("log.keep", whole.log.keep == usual.keep),
                                      std::pair("log.compress", whole.log.compress == usual.compress)})
    if (!is_usual && whole.log.rotate_size == 0 && whole.log.rotate_every.count() == 0)
      r.fail_at(key, "does nothing without rotate_size or rotate_every", "write one of them as well");
  for (const auto& [name, format] : whole.log.formats)
    if (const auto parsed = access_format::parse(format); !parsed)
      r.fail_at("log.formats", toml_name(name) + ": " + parsed.error().text,
                "write it as under ACCESS LOGS in perron.toml(5), say \"$remote_addr $status\"");
  if (!whole.admin.listen && r.place_of("admin").line != 0 && r.place_of("admin.listen").line == 0)
    r.fail_at("admin", "has no listen, so nothing of it is there", "write listen = \"127.0.0.1:9180\"");
  if (whole.sites.empty())
    r.add({.place = {.file = whole.file},
           .key = "site",
           .what = "there is no site",
           .remedy = "write a [[site]] with root = \"FOLDER\""});
  else
    check_listeners(whole, r);
  for (std::size_t i = 0; i < whole.sites.size(); ++i)
    check_site(whole, whole.sites[i], item("site", i), r);
  check_hosts(whole, r);
  if (r.looks_at_system())
    check_certificates(whole, r);
}

} // namespace perron::httpd::program
