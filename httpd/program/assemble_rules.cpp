// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/assemble_rules.hpp>

#include <perron/httpd/access_log/access_log.hpp>
#include <perron/httpd/coding/compress.hpp>
#include <perron/httpd/program/config/users.hpp>
#include <perron/httpd/program/logs/log_file_of.hpp>
#include <perron/httpd/rules/acme_challenge.hpp>
#include <perron/httpd/rules/allow_deny.hpp>
#include <perron/httpd/rules/basic_auth.hpp>
#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/rules/cors.hpp>
#include <perron/httpd/rules/header_rules.hpp>
#include <perron/httpd/rules/rate_limit.hpp>
#include <perron/httpd/rules/redirects.hpp>
#include <perron/httpd/rules/secure_redirect.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace perron::httpd::program {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

std::shared_ptr<htpasswd> users_or_throw(const auth_settings& said) {
  auto users = users_of(said);
  if (!users)
    throw std::invalid_argument("auth: " + users.error().text);
  return std::move(*users);
}

allow_deny_options addresses_of(const site_settings& local) {
  allow_deny_options out;
  for (const std::string& from : local.deny)
    out.rules.push_back({false, from});
  for (const std::string& from : local.allow)
    out.rules.push_back({true, from});
  out.otherwise = local.allow.empty();
  return out;
}

std::vector<redirect_rule> redirects_of(const site_settings& local) {
  std::vector<redirect_rule> out;
  for (const redirect_settings& r : local.redirects)
    out.push_back({r.from, r.to, r.status, r.keep_query});
  return out;
}

cors_options cors_of(const cors_settings& said) {
  return {.origins = said.origins,
          .methods = said.methods,
          .headers = said.headers,
          .exposed = said.exposed,
          .credentials = said.credentials,
          .max_age = duration_cast<seconds>(said.max_age)};
}

compress_options compression_of(const compression_settings& said) {
  compress_options out;
  if (!said.types.empty())
    out.types = said.types;
  out.codings = said.codings;
  out.minimum = said.minimum;
  out.gzip_level = said.gzip_level;
  out.brotli_quality = said.brotli_quality;
  out.zstd_level = said.zstd_level;
  return out;
}

class discarding final : public access_sink {
  void tell(const access_record&) noexcept override {}
};

} // namespace

bool tells_anything(const configuration& all) {
  if (all.admin.listen)
    return true;
  const auto logs = [](const site_settings& s) { return s.access_log != "off"; };
  return std::any_of(all.sites.begin(), all.sites.end(), [&](const site_definition& site) {
    return logs(site.settings) || std::any_of(site.locations.begin(), site.locations.end(),
                                              [&](const location_settings& l) { return logs(l.settings); });
  });
}

std::shared_ptr<access_sink> no_log() { return std::make_shared<discarding>(); }

handler with_rules(const std::vector<middleware>& around, handler inside) {
  handler out = [shared = std::make_shared<const handler>(std::move(inside))](request& r) {
    return (*shared)(r);
  };
  for (auto m = around.rbegin(); m != around.rend(); ++m)
    out = [rule = std::make_shared<const middleware>(*m), next = std::move(out)](request& r) {
      return (*rule)(r, next);
    };
  return out;
}

std::shared_ptr<access_sink> site_rules::log_of(const site_settings& local) const {
  if (local.access_log == "off")
    return nullptr;
  std::string format = local.access_format;
  for (const text_pair& own : all_.log.formats)
    if (own.first == format)
      format = own.second;
  auto log = access_log::open(parts_.logs, log_file_of(all_, local.access_log, parts_.shares_files), format);
  if (!log)
    throw std::invalid_argument("access_log: " + log.error().text);
  return std::move(*log);
}

std::shared_ptr<access_sink> site_rules::sink_of(const site_settings& local) {
  const std::string key = local.access_log + '\n' + (local.access_log == "off" ? "" : local.access_format);
  for (const auto& [of, sink] : sinks_)
    if (of == key)
      return sink;
  std::shared_ptr<access_sink> sink = log_of(local);
  if (all_.admin.listen)
    sink = parts_.counters->sink_of(site_.names.empty() ? "*" : site_.names.front(), std::move(sink));
  sinks_.emplace_back(key, sink);
  return sink;
}

void site_rules::add_headers(const site_settings& local, std::vector<middleware>& to) const {
  const header_settings& said = local.headers;
  std::vector<header_rule> rules;
  for (const std::string& name : said.erase)
    rules.push_back({header_action::erase, name, {}, said.on_errors});
  for (const auto& [list, action] :
       {std::pair(&said.set, header_action::set), std::pair(&said.set_if_new, header_action::set_if_new),
        std::pair(&said.add, header_action::add)})
    for (const text_pair& field : *list)
      rules.push_back({action, field.first, field.second, said.on_errors});
  const auto names_server = [](const header_rule& r) { return equal_ignoring_case(r.name, "Server"); };
  if (!all_.server.name.empty() && std::none_of(rules.begin(), rules.end(), names_server))
    rules.push_back({header_action::set_if_new, "Server", all_.server.name, true});
  if (!rules.empty())
    to.push_back(header_rules(std::move(rules)));
}

/// Who may come in, and as whom.
void site_rules::add_access(const site_settings& local, std::vector<middleware>& to) {
  if (!local.allow.empty() || !local.deny.empty())
    to.push_back(allow_deny(addresses_of(local)));
  if (local.cors)
    to.push_back(cors(cors_of(*local.cors)));
  const bool by_user = local.rate_limit && local.rate_limit->by == "user"; // who that is, auth finds out
  if (local.rate_limit && !by_user)
    to.push_back(limit(*local.rate_limit));
  if (local.auth)
    to.push_back(auth(*local.auth));
  if (by_user)
    to.push_back(limit(*local.rate_limit));
}

/// That of the site is one for all of it; copies share what it counts.
middleware site_rules::limit(const rate_limit_settings& said) {
  const bool is_sites = site_.settings.rate_limit == said;
  if (is_sites && limit_of_site_)
    return limit_of_site_;
  rate_limit_options options;
  options.requests = said.requests;
  options.per = duration_cast<seconds>(said.per);
  options.burst = said.burst;
  options.by = said.by == "user" ? rate_key::user : said.by == "all" ? rate_key::all : rate_key::address;
  options.max_keys = said.max_keys;
  options.tell = said.tell;
  middleware made = [shared = std::make_shared<const middleware>(rate_limit(std::move(options)))](
                        request& r, const handler& next) { return (*shared)(r, next); };
  if (is_sites)
    limit_of_site_ = made;
  return made;
}

middleware site_rules::auth(const auth_settings& said) {
  const bool is_sites = site_.settings.auth == said;
  if (is_sites && auth_of_site_)
    return auth_of_site_;
  basic_auth_options options;
  options.realm = said.realm;
  options.users = users_or_throw(said);
  options.only = said.only;
  middleware made = basic_auth(std::move(options));
  if (is_sites)
    auth_of_site_ = made;
  return made;
}

std::vector<middleware> site_rules::around(const site_settings& local) {
  std::vector<middleware> all;
  if (auto sink = sink_of(local))
    all.push_back(tell_access(std::move(sink)));
  else if (tells_anything(all_))
    all.push_back(tell_access(no_log()));
  add_headers(local, all);
  if (!local.trusted_proxies.empty())
    all.push_back(forwarded_for({local.trusted_proxies, local.forwarded_field == "Forwarded"
                                                            ? forwarded_field::forwarded
                                                            : forwarded_field::x_forwarded_for}));
  if (!site_.acme_challenge.empty())
    all.push_back(acme_challenge(site_.acme_challenge));
  const secure_redirect_options secure{.status = 308,
                                       .port = tls_port_,
                                       .host = {},
                                       .hsts = duration_cast<seconds>(site_.hsts),
                                       .include_subdomains = site_.hsts_subdomains,
                                       .preload = site_.hsts_preload};
  if (site_.https_only)
    all.push_back(secure_redirect(secure));
  else if (middleware tells = strict_transport(secure))
    all.push_back(std::move(tells));
  add_access(local, all);
  if (!local.redirects.empty())
    all.push_back(redirects(redirects_of(local)));
  if (local.compression.on)
    all.push_back(compress(compression_of(local.compression)));
  return all;
}

} // namespace perron::httpd::program
