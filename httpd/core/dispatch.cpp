// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/dispatch.hpp>

namespace perron::httpd::core {
namespace {

/// For `*` and `host:port`, which are no paths.
response answer_without_path(const http1::request_head& head, const router& routes) {
  if (head.method != "OPTIONS")
    return plain_error(status::not_implemented, "this server is no proxy");
  response r = empty();
  r.headers.emplace_back("Allow", routes.table().allow_value(routes.table().all_methods()));
  return r;
}

} // namespace

response dispatch(conversation& c, const router& routes) {
  const http1::request_head& h = c.head();
  try {
    if (h.expect_unknown)
      return plain_error(status::expectation_failed, "only 100-continue is understood");
    if (h.form == http1::target_form::asterisk || h.form == http1::target_form::authority)
      return answer_without_path(h, routes);
    if (const auto taken = c.take_target(); !taken)
      return plain_error(status::bad_request, taken.error().text);
    const auto& table = routes.table();
    const auto found = table.lookup(h.method, c.target().path);
    if (found.outcome == route_outcome::not_found)
      return plain_error(status::not_found, "");
    if (found.outcome == route_outcome::method_not_allowed) {
      response r = h.method == "OPTIONS" ? empty() : plain_error(status::method_not_allowed, "");
      r.headers.emplace_back("Allow", table.allow_value(found.allowed));
      return r;
    }
    c.take_route(found.params, nullptr);
    request req(c);
    return (*found.handler)(req);
  } catch (const http_error& e) {
    if (c.has_begun())
      throw;
    return plain_error(e.status(), e.what());
  }
}

response plain_error(int status, std::string_view why) {
  response r;
  r.status = status;
  r.content_type = "text/plain; charset=utf-8";
  r.body = std::to_string(status) + ' ';
  r.body += reason_phrase(status);
  r.body += '\n';
  if (!why.empty()) {
    r.body += why;
    r.body += '\n';
  }
  return r;
}

} // namespace perron::httpd::core
