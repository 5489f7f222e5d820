// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/header_rules.hpp>

#include <perron/httpd/http1/response_head.hpp>
#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/requirement.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

constexpr std::array<std::string_view, 5> own_fields{"Connection", "Content-Length", "Date",
                                                     "Transfer-Encoding", "Upgrade"};

void apply(const header_rule& rule, response& to) {
  switch (rule.action) {
  case header_action::add:
    if (equal_ignoring_case(rule.name, "Content-Type")) {
      if (to.content_type.empty())
        to.content_type = rule.value;
    } else {
      to.headers.emplace_back(rule.name, rule.value);
    }
    break;
  case header_action::set:
    set_field(to, rule.name, rule.value);
    break;
  case header_action::set_if_new:
    if (!find_field(to, rule.name))
      set_field(to, rule.name, rule.value);
    break;
  case header_action::erase:
    erase_field(to, rule.name);
    break;
  }
}

} // namespace

runtime::result<void> check(const header_rule& rule) {
  const bool erases = rule.action == header_action::erase;
  if (const char* fault = http1::find_field_fault({rule.name, erases ? std::string_view("x") : rule.value}))
    return runtime::error{"field '" + rule.name + "' cannot be sent: " + fault};
  if (std::any_of(own_fields.begin(), own_fields.end(),
                  [&](std::string_view own) { return equal_ignoring_case(own, rule.name); }))
    return runtime::error{"field '" + rule.name + "' is written by the server itself"};
  if (erases && !rule.value.empty())
    return runtime::error{"field '" + rule.name + "' is to be erased and has a value"};
  return {};
}

middleware header_rules(std::vector<header_rule> rules) {
  for (const header_rule& rule : rules)
    core::require(check(rule));
  return [rules = std::make_shared<const std::vector<header_rule>>(std::move(rules))](request& r,
                                                                                      const handler& next) {
    r.before_send([rules](response& answer) {
      for (const header_rule& rule : *rules)
        if (rule.on_errors || answer.status < status::bad_request)
          apply(rule, answer);
    });
    return next(r);
  };
}

} // namespace perron::httpd
