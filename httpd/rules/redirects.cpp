// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/redirects.hpp>

#include <perron/httpd/rules/path_pattern.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/httpd/rules/templated_redirect.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::array codes{status::moved_permanently, status::found, status::see_other,
                           status::temporary_redirect, status::permanent_redirect};

struct ready_rule {
  path_pattern from;
  path_template to;
  int status;
  bool keep_query;
};

ready_rule make_ready(const redirect_rule& rule) {
  core::require(check(rule));
  path_pattern from = path_pattern::parse(rule.from).value();
  path_template to = path_template::parse_location(rule.to, from).value();
  return {std::move(from), std::move(to), rule.status, rule.keep_query};
}

} // namespace

runtime::result<void> check(const redirect_rule& rule) {
  if (std::find(codes.begin(), codes.end(), rule.status) == codes.end())
    return runtime::error{std::to_string(rule.status) + " is no redirect: 301, 302, 303, 307 and 308 are"};
  const auto from = path_pattern::parse(rule.from);
  if (!from)
    return from.error();
  if (const auto to = path_template::parse_location(rule.to, *from); !to)
    return to.error();
  return {};
}

middleware redirects(std::vector<redirect_rule> rules) {
  auto ready = std::make_shared<std::vector<ready_rule>>();
  for (const redirect_rule& rule : rules)
    ready->push_back(make_ready(rule));
  return [ready = std::shared_ptr<const std::vector<ready_rule>>(std::move(ready))](request& r,
                                                                                    const handler& next) {
    path_captures captures;
    for (const ready_rule& rule : *ready)
      if (rule.from.match(r.path(), captures))
        return core::templated_redirect(r, rule.to, captures, rule.keep_query, rule.status);
    return next(r);
  };
}

} // namespace perron::httpd
