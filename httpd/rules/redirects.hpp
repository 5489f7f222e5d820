// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <vector>

namespace perron::httpd {

struct redirect_rule {
  std::string from{};     ///< a path_pattern: "/old.html", "/old/*rest", "/:year/:post.html"
  std::string to{};       ///< a path_template: "/new.html", "https://example.org/{rest}"
  int status = 302;       ///< 301, 302, 303, 307 or 308; 301 and 308 are kept by browsers for ever
  bool keep_query = true; ///< add the query of the request, if `to` has none
};

/// Sends clients elsewhere by a list of rules, of which the first that has the path holds; other requests go
/// on.
///
///     r.use(redirects({{.from = "/blog/*rest", .to = "https://blog.example.org/{rest}", .status = 308}}));
///
/// Throws std::invalid_argument if check() has something to say of one. Rules are tried one after the other:
/// for some hundred, not for ten thousand.
middleware redirects(std::vector<redirect_rule> rules);
runtime::result<void> check(const redirect_rule& rule);

} // namespace perron::httpd
