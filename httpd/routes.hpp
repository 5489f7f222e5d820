// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/route_limits.hpp>
#include <perron/httpd/router.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// What stands around handlers: it answers itself, or calls `next` and gives on what that gives, changed or
/// not; what `next` throws passes through it. To add fields to every answer, those of errors and streams too,
/// it uses request::before_send(); what it tells the handler it leaves in request::local().
///
///     response authenticated(request& r, const handler& next) {
///       r.local<user>() = user_of(r);   // throws http_error 401
///       return next(r);
///     }
using middleware = std::function<response(request&, const handler& next)>;

/// Makes the page for an error: of a handler that threw http_error, or of the router itself.
using error_pages = std::function<response(const request&, int status, std::string_view why)>;

/// A handler with what belongs to it.
struct route {
  handler run;
  std::shared_ptr<const route_limits> limits; ///< null: the server's
  std::string method;
  std::string pattern;
};

/// Routes to handlers; see basic_router for the patterns and which of several wins.
///
///     httpd::router api;
///     api.use(authenticated);
///     api.get("/rooms/:room", show_room);
///     api.post("/files", upload, {.max_body = 1 << 30});
///
///     httpd::router r;
///     r.use(request_id());
///     r.mount("/api", api);                       // GET /api/rooms/:room, behind both
///     r.get("/static/*path", static_files({.root = "public"}));
///
/// All of it is put together when it is added: a request pays for the middleware that its route has and for
/// nothing else. Written once by the program, then read by any number of threads. Mistakes are the
/// programmer's: they throw std::invalid_argument with what is wrong.
class router {
public:
  /// `method` may be any_method. Limits left out are the server's.
  router& add(std::string_view method, std::string_view pattern, handler h, const route_limits& limits = {});
  router& get(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add("GET", pattern, std::move(h), limits);
  }
  router& post(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add("POST", pattern, std::move(h), limits);
  }
  router& put(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add("PUT", pattern, std::move(h), limits);
  }
  router& patch(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add("PATCH", pattern, std::move(h), limits);
  }
  router& del(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add("DELETE", pattern, std::move(h), limits);
  }
  router& any(std::string_view pattern, handler h, const route_limits& limits = {}) {
    return add(any_method, pattern, std::move(h), limits);
  }

  /// Puts `m` around every route and override, the first one outermost, and around the router's own answer to
  /// OPTIONS, which is how CORS asks; its own 404 and 405 have nothing around them. Only before the first
  /// route, mount or override, so that none is left outside by mistake; what needs less is a router of its
  /// own, mounted beside.
  router& use(middleware m);

  /// Adds the routes of `sub`, with their middleware inside of this router's, below `prefix`: "/api", or
  /// "/users/:user". Its "/" becomes "/api/". What `sub` says of errors holds for paths below the prefix.
  router& mount(std::string_view prefix, const router& sub);

  /// Answers what no pattern has, instead of a 404.
  router& not_found(handler h);
  /// Answers what a pattern has for other methods only; Allow is added. OPTIONS is not asked.
  router& method_not_allowed(handler h);
  /// Pages instead of those of error_page().
  router& errors(error_pages pages);

  const basic_router<route>& table() const noexcept { return table_; }

  // -- for who answers requests with this router. Of several overrides that of the longest prefix holds.

  /// The answer where the table has none: 404, 405, or what there is to OPTIONS.
  response answer_unrouted(request& r, const route_finding& found) const;
  response answer_error(const request& r, int status, std::string_view why) const;

private:
  /// What is said of paths below a prefix; empty functions say nothing.
  struct overrides {
    std::string prefix{};
    handler not_found{};
    handler method_not_allowed{};
    handler options{}; ///< the router's own answer, with its middleware around
    error_pages errors{};
  };

  void add_route(route added);
  handler wrapped(handler h) const;
  template <class Function>
  const Function* find_override(std::string_view path, Function overrides::*which) const noexcept;

  basic_router<route> table_;
  std::vector<std::shared_ptr<const middleware>> around_;
  std::vector<overrides> overrides_{overrides{}}; ///< the first is this router's own
  bool begun_ = false;                            ///< too late for use()
};

} // namespace perron::httpd
