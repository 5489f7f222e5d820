// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/dispatch.hpp>

#include <optional>
#include <utility>

namespace perron::httpd::core {
namespace {

response run_route(conversation& c, request& req, const router& routes) {
  const auto found = routes.table().lookup(c.head().method, c.target().path);
  if (found.outcome != route_outcome::match)
    return routes.answer_unrouted(req, found);
  c.take_route(found.params, found.handler->limits.get());
  return found.handler->run(req);
}

/// For `*` and `host:port`, which are no paths.
response answer_without_path(const http1::request_head& head, const router& routes) {
  if (head.method != "OPTIONS")
    throw http_error(status::not_implemented, "this server is no proxy");
  response r = empty();
  r.headers.emplace_back("Allow", routes.table().allow_value(routes.table().all_methods()));
  return r;
}

/// The answer, or an http_error where nothing more is known of it than status and text.
response answer(conversation& c, request& req, const router& routes) {
  const http1::request_head& h = c.head();
  if (c.is_misdirected())
    throw http_error(status::misdirected_request, "this connection is not for that host or scheme");
  if (h.expect_unknown)
    throw http_error(status::expectation_failed, "only 100-continue is understood");
  if (h.form == http1::target_form::asterisk || h.form == http1::target_form::authority)
    return answer_without_path(h, routes);
  if (const auto taken = c.take_target(); !taken)
    throw http_error(status::bad_request, taken.error().text);
  return run_route(c, req, routes);
}

} // namespace

response dispatch(conversation& c, request& req, const router& routes) {
  std::optional<http_error> error;
  try {
    return answer(c, req, routes);
  } catch (http_error& e) {
    if (c.has_begun())
      throw;
    error = std::move(e); // so that a page is made outside of the exception's own frame
  }
  return routes.answer_error(req, error->status(), error->what());
}

response forward(conversation& c, request& r, const router& routes, std::string target) {
  const detour other(c, std::move(target));
  return run_route(c, r, routes);
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
