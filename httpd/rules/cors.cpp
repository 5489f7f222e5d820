// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/cors.hpp>

#include <perron/httpd/http1/authority.hpp>
#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/response_fields.hpp>
#include <perron/httpd/rules/requirement.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace perron::httpd {
namespace {

using strings = std::vector<std::string>;

bool contains(const strings& list, std::string_view wanted) noexcept {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

std::string joined(const strings& list) {
  std::string out;
  for (const std::string& one : list)
    (out += out.empty() ? "" : ", ") += one;
  return out;
}

/// Of a list that a client sends, what are tokens.
std::string tokens_of(std::string_view list) {
  std::string out;
  each_list_element(list, [&](std::string_view element) {
    if (http1::detail::is_token(element))
      (out += out.empty() ? "" : ", ") += element;
    return true;
  });
  return out;
}

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/// "https://*.example.org" has "https://a.b.example.org" and not "https://.example.org".
bool matches(std::string_view pattern, std::string_view origin) noexcept {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == origin;
  const auto before = pattern.substr(0, star);
  const auto behind = pattern.substr(star + 1);
  if (origin.size() <= before.size() + behind.size() || !origin.starts_with(before) ||
      !origin.ends_with(behind))
    return false;
  const auto name = origin.substr(before.size(), origin.size() - before.size() - behind.size());
  return name.front() != '.' && std::all_of(name.begin(), name.end(), is_name_char);
}

/// Why a text is no origin as browsers send it, or nullptr.
const char* find_origin_fault(std::string_view text) noexcept {
  if (text == "*" || text == "null")
    return nullptr;
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || !http1::detail::is_token(text.substr(0, end)))
    return "does not begin with a scheme such as https://";
  auto authority = text.substr(end + 3);
  if (authority.starts_with("*."))
    authority.remove_prefix(2);
  if (authority.empty() || authority.find('*') != std::string_view::npos ||
      http1::find_authority_fault(authority, http1::port_rule::optional) != nullptr)
    return "has no host behind the scheme, or more than host and port";
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "has capital letters, which browsers do not send";
  return nullptr;
}

class cors_rule {
public:
  explicit cors_rule(cors_options options)
      : options_(std::move(options)), any_origin_(contains(options_.origins, "*")),
        methods_(joined(options_.methods)), headers_(joined(options_.headers)),
        exposed_(joined(options_.exposed)), max_age_(std::to_string(options_.max_age.count())) {}

  bool is_preflight(const request& r) const {
    return r.method() == "OPTIONS" && r.headers().contains("Origin") &&
           r.headers().contains("Access-Control-Request-Method");
  }

  response answer_preflight(const request& r) const {
    response answer = empty();
    if (allow_origin(r, answer)) {
      const std::string asked = tokens_of(r.header("Access-Control-Request-Method"));
      if (const std::string methods = contains(options_.methods, "*") ? asked : methods_; !methods.empty())
        answer.headers.emplace_back("Access-Control-Allow-Methods", methods);
      std::string headers =
          contains(options_.headers, "*") ? tokens_of(r.header("Access-Control-Request-Headers")) : headers_;
      if (!headers.empty())
        answer.headers.emplace_back("Access-Control-Allow-Headers", std::move(headers));
      answer.headers.emplace_back("Access-Control-Max-Age", max_age_);
    }
    add_vary(answer, "Access-Control-Request-Method");
    add_vary(answer, "Access-Control-Request-Headers");
    return answer;
  }

  void allow_reading(const request& r, response& answer) const {
    if (allow_origin(r, answer) && !exposed_.empty())
      set_field(answer, "Access-Control-Expose-Headers", exposed_);
  }

private:
  bool is_allowed(std::string_view origin) const noexcept {
    return std::any_of(options_.origins.begin(), options_.origins.end(),
                       [origin](const std::string& own) { return matches(own, origin); });
  }

  bool allow_origin(const request& r, response& answer) const {
    erase_field(answer, "Access-Control-Allow-Origin");
    if (any_origin_) { // also where nobody asks, as caches keep it for those who will
      answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
      return true;
    }
    add_vary(answer, "Origin");
    const std::string_view origin = r.header("Origin");
    if (r.headers().count("Origin") != 1 || !is_allowed(origin))
      return false;
    answer.headers.emplace_back("Access-Control-Allow-Origin", origin);
    if (options_.credentials)
      set_field(answer, "Access-Control-Allow-Credentials", "true");
    return true;
  }

  cors_options options_;
  bool any_origin_;
  std::string methods_, headers_, exposed_, max_age_;
};

} // namespace

runtime::result<void> check(const cors_options& options) {
  for (const std::string& origin : options.origins)
    if (const char* fault = find_origin_fault(origin))
      return runtime::error{"origin '" + origin + "' " + fault};
  for (const strings* list : {&options.methods, &options.headers, &options.exposed})
    for (const std::string& text : *list)
      if (!http1::detail::is_token(text))
        return runtime::error{"'" + text + "' is no name of a method or a field"};
  if (options.credentials && contains(options.origins, "*"))
    return runtime::error{"credentials cannot be for every origin '*': name the origins"};
  if (options.max_age.count() < 0)
    return runtime::error{"max_age is negative"};
  return {};
}

middleware cors(cors_options options) {
  core::require(check(options));
  return [rule = std::make_shared<const cors_rule>(std::move(options))](request& r, const handler& next) {
    if (rule->is_preflight(r))
      return rule->answer_preflight(r);
    r.before_send([rule, &r](response& answer) { rule->allow_reading(r, answer); });
    return next(r);
  };
}

} // namespace perron::httpd
