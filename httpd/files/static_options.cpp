// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/files/static_options.hpp>

#include <perron/httpd/headers.hpp>

namespace perron::httpd {

namespace {

bool has(std::string_view rule, std::string_view type) noexcept {
  if (rule == "*" || rule == "*/*")
    return true;
  if (rule.ends_with("/*"))
    return equal_ignoring_case(rule.substr(0, rule.size() - 1), type.substr(0, rule.size() - 1));
  return equal_ignoring_case(rule, type);
}

} // namespace

std::string_view cache_rules::value_for(std::string_view content_type) const noexcept {
  const auto type = detail::trim_blanks(content_type.substr(0, content_type.find(';')));
  for (const auto& rule : rules_)
    if (has(rule.type, type))
      return rule.value;
  return {};
}

} // namespace perron::httpd
