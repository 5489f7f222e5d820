// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/router.hpp>
#include <perron/httpd/target.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

namespace core {
class exchange;
}

/// One request, as its handler sees it. Lives on the stack of the request's own process; views it gives are
/// valid as long as it is. For that process only.
class request {
public:
  explicit request(core::exchange& behind) noexcept : exchange_(behind) {}
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  /// As sent; a HEAD that is answered by a GET handler reads HEAD.
  std::string_view method() const noexcept;
  /// Decoded and free of dot segments; an encoded slash stays %2F.
  std::string_view path() const noexcept;
  /// The text a parameter of the route stands for, fully decoded; empty if the route has none of that name.
  std::string param(std::string_view name) const;
  const query_view& query() const noexcept;
  header_view headers() const noexcept;
  std::string_view header(std::string_view name) const noexcept {
    return headers().find(name).value_or(std::string_view());
  }
  /// Takes the connection out of what max_connections counts, for the rest of its life; it is supervised,
  /// listed and drained as before. For what lasts long: long polls, streams. Costs two locked instructions.
  void leave_count();
  /// "127.0.0.1:51234"; empty for Unix sockets.
  std::string peer() const;

  /// The whole body, read when first asked for: waits for what has not arrived, up to the body time limit.
  /// Throws http_error 413 if it is longer than the limit, 408 if it does not come, and ends the process with
  /// reason client_gone if the peer goes away.
  std::string_view body();

private:
  core::exchange& exchange_;
};

/// What answers requests: a function that may block in receive() as long as it likes, for each request runs
/// in a process of its own. What it throws costs its request a 500 and nothing else.
using handler = std::function<response(request&)>;

/// Routes to handlers; see basic_router for the patterns.
class router {
public:
  /// Adds a route. Throws std::invalid_argument with what is wrong: routes are written by programmers.
  router& add(std::string_view method, std::string_view pattern, handler h);
  router& get(std::string_view pattern, handler h) { return add("GET", pattern, std::move(h)); }
  router& post(std::string_view pattern, handler h) { return add("POST", pattern, std::move(h)); }

  const basic_router<handler>& table() const noexcept { return table_; }

private:
  basic_router<handler> table_;
};

} // namespace perron::httpd
