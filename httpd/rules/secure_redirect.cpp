// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/secure_redirect.hpp>

#include <perron/httpd/http1/authority.hpp>
#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/rules/path_pattern.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/httpd/rules/templated_redirect.hpp>

#include <utility>

namespace perron::httpd {
namespace {

/// Where to, as a path_template.
std::string place(const secure_redirect_options& options) {
  std::string where = "https://" + (options.host.empty() ? "{host}" : options.host);
  if (options.port != 443)
    where += ':' + std::to_string(options.port);
  return where + "{path}";
}

void tell_strict_transport(request& r, const std::string& value) {
  r.before_send([value](response& answer) { set_field(answer, "Strict-Transport-Security", value); });
}

} // namespace

runtime::result<void> check(const secure_redirect_options& options) {
  if (options.status != status::moved_permanently && options.status != status::found &&
      options.status != status::temporary_redirect && options.status != status::permanent_redirect)
    return runtime::error{std::to_string(options.status) +
                          " is no redirect that keeps a page: 301, 302, 307 and 308 are"};
  if (options.port == 0)
    return runtime::error{"port is 0"};
  if (options.host.find_first_of(":{}") != std::string::npos ||
      http1::find_authority_fault(options.host, http1::port_rule::optional) != nullptr)
    return runtime::error{"'" + options.host + "' is no host name (without a port)"};
  if (options.hsts.count() < 0)
    return runtime::error{"hsts is negative"};
  constexpr std::chrono::seconds year{31'536'000};
  if (options.preload && (options.hsts < year || !options.include_subdomains))
    return runtime::error{"preload wants an hsts of a year and include_subdomains (hstspreload.org)"};
  return {};
}

std::string hsts_value(const secure_redirect_options& options) {
  if (options.hsts.count() == 0)
    return {};
  return "max-age=" + std::to_string(options.hsts.count()) +
         (options.include_subdomains ? "; includeSubDomains" : "") + (options.preload ? "; preload" : "");
}

middleware secure_redirect(secure_redirect_options options) {
  core::require(check(options));
  const path_pattern everything = path_pattern::parse("*all").value();
  path_template to = path_template::parse_location(place(options), everything).value();
  return [to = std::move(to), hsts = hsts_value(options), code = options.status](request& r,
                                                                                 const handler& next) {
    if (came_securely(r)) {
      if (!hsts.empty())
        tell_strict_transport(r, hsts);
      return next(r);
    }
    return core::templated_redirect(r, to, {}, true, code);
  };
}

middleware strict_transport(const secure_redirect_options& options) {
  core::require(check(options));
  std::string value = hsts_value(options);
  if (value.empty())
    return {};
  return [value = std::move(value)](request& r, const handler& next) {
    if (came_securely(r))
      tell_strict_transport(r, value);
    return next(r);
  };
}

} // namespace perron::httpd
