// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/rewrite.hpp>

#include <perron/httpd/rules/path_pattern.hpp>
#include <perron/httpd/rules/requirement.hpp>
#include <perron/httpd/target.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace perron::httpd {
namespace {

constexpr int most_rounds = 10;

struct ready_rule {
  path_pattern from;
  path_template to;
  bool keep_query;
  bool again;
};

ready_rule make_ready(const rewrite_rule& rule) {
  core::require(check(rule));
  path_pattern from = path_pattern::parse(rule.from).value();
  path_template to = path_template::parse_path(rule.to, from).value();
  return {std::move(from), std::move(to), rule.keep_query, rule.again};
}

class rewriter {
public:
  rewriter(const std::vector<rewrite_rule>& rules, router inside) : inside_(std::move(inside)) {
    for (const rewrite_rule& rule : rules)
      rules_.push_back(make_ready(rule));
  }

  response answer(request& r) const { return r.forward(inside_, rewritten(r)); }

private:
  /// The new target; empty: that of the request.
  std::string rewritten(const request& r) const {
    std::string target;
    std::string scratch; // now.path may lie in either
    normal_target now{.path = r.path(), .query = r.query()};
    for (int round = 0;; ++round) {
      path_captures captures;
      const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                     [&](const ready_rule& x) { return x.from.match(now.path, captures); });
      if (rule == rules_.end())
        return target;
      if (round == most_rounds)
        throw http_error(status::internal_server_error, "the rewrites of this site go round in a circle");
      std::string filled = rule->to.fill(
          captures, {.path = now.path, .query = now.query.raw(), .host = {}, .scheme = {}}, rule->keep_query);
      target = std::move(filled);
      if (!rule->again)
        return target;
      const auto next = normalise_target(target, scratch);
      if (!next)
        throw http_error(status::bad_request, next.error().text);
      now = *next;
    }
  }

  std::vector<ready_rule> rules_;
  router inside_;
};

} // namespace

runtime::result<void> check(const rewrite_rule& rule) {
  const auto from = path_pattern::parse(rule.from);
  if (!from)
    return from.error();
  if (const auto to = path_template::parse_path(rule.to, *from); !to)
    return to.error();
  return {};
}

handler rewrite(std::vector<rewrite_rule> rules, router inside) {
  return [with = std::make_shared<const rewriter>(rules, std::move(inside))](request& r) {
    return with->answer(r);
  };
}

} // namespace perron::httpd
