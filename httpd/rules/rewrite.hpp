// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/routes.hpp>
#include <perron/runtime/result.hpp>

#include <string>
#include <vector>

namespace perron::httpd {

struct rewrite_rule {
  std::string from{};     ///< a path_pattern: "/old/*rest"
  std::string to{};       ///< a path_template that begins with '/': "/new/{rest}", "/index.php?page={rest}"
  bool keep_query = true; ///< add the query of the request, if `to` has none
  bool again = false;     ///< begin again with the first rule, at most ten times; else the routes are asked
};

/// A handler that answers with what `inside` has for another path, as if the client had asked for that:
/// request::path(), query() and param() are those of the new one. Of the rules the first that has the path
/// holds; without one the path stays.
///
///     httpd::router site;                               // knows /pages/*path only
///     r.any("/*path", rewrite({{.from = "/~:user/*rest", .to = "/pages/{user}/{rest}"}}, site));
///
/// Rules that go round in a circle, and rewrites within rewrites more than ten deep, are answered with a 500.
/// Throws std::invalid_argument if check() has something to say of a rule.
handler rewrite(std::vector<rewrite_rule> rules, router inside);
runtime::result<void> check(const rewrite_rule& rule);

} // namespace perron::httpd
