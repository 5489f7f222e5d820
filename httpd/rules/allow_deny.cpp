// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/allow_deny.hpp>

#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/rules/requirement.hpp>

namespace perron::httpd {

runtime::result<void> check(const allow_deny_options& options) {
  for (const address_rule& rule : options.rules)
    if (rule.from != "all" && rule.from != "unix" && !ip_network::parse(rule.from))
      return runtime::error{
          "'" + rule.from +
          "' is no address or network such as 10.0.0.1, 10.0.0.0/8 (with no bits behind the "
          "prefix), 2001:db8::/32, unix or all"};
  return {};
}

address_rules::address_rules(const allow_deny_options& options) : otherwise_(options.otherwise) {
  core::require(check(options));
  for (const address_rule& r : options.rules)
    rules_.push_back({.allow = r.allow,
                      .has_unix = r.from == "all" || r.from == "unix",
                      .has_addresses = r.from != "unix",
                      .network = ip_network::parse(r.from)});
}

bool address_rules::allow(const std::optional<ip_address>& from) const noexcept {
  for (const rule& r : rules_)
    if (from ? r.has_addresses && (!r.network || r.network->contains(*from)) : r.has_unix)
      return r.allow;
  return otherwise_;
}

middleware allow_deny(const allow_deny_options& options) {
  return [rules = address_rules(options)](request& r, const handler& next) {
    if (!rules.allow(client_address(r)))
      throw http_error(status::forbidden, "");
    return next(r);
  };
}

} // namespace perron::httpd
