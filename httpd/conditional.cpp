// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/conditional.hpp>

#include <perron/runtime/core/clock.hpp>

#include <algorithm>
#include <stdexcept>

namespace perron::httpd {

namespace {

constexpr bool is_etag_char(char c) noexcept {
  return c == 0x21 || (c >= 0x23 && c != 0x7f) || static_cast<unsigned char>(c) >= 0x80;
}

struct tag {
  std::string_view opaque; // with its quotes
  bool weak = false;
};

/// Cuts an entity tag off `rest`; nothing if there is none at its front.
std::optional<tag> cut_tag(std::string_view& rest) noexcept {
  tag out;
  auto text = rest;
  out.weak = text.starts_with("W/");
  text.remove_prefix(out.weak ? 2 : 0);
  if (!text.starts_with('"'))
    return std::nullopt;
  std::size_t end = 1;
  while (end < text.size() && is_etag_char(text[end]))
    ++end;
  if (end == text.size() || text[end] != '"')
    return std::nullopt;
  out.opaque = text.substr(0, end + 1);
  rest = text.substr(end + 1);
  return out;
}

std::optional<tag> parse_tag(std::string_view text) noexcept {
  const auto found = cut_tag(text);
  return text.empty() ? found : std::nullopt;
}

/// Whether a list of tags has one that `matches`. The list ends at what is no tag.
template <class Matches>
bool list_has(std::string_view list, Matches matches) noexcept {
  for (;;) {
    while (!list.empty() && (detail::is_blank(list.front()) || list.front() == ','))
      list.remove_prefix(1);
    const auto found = cut_tag(list);
    if (!found)
      return false;
    list = detail::trim_blanks(list);
    if (!list.empty() && list.front() != ',')
      return false;
    if (matches(*found))
      return true;
  }
}

/// Whether the list under `name`, over all its fields, has the current tag, or is "*" and something exists.
bool field_matches(header_view headers, std::string_view name, const validators& current,
                   bool strongly) noexcept {
  const auto own = parse_tag(current.etag);
  bool found = false;
  headers.each(name, [&](std::string_view value) {
    if (detail::trim_blanks(value) == "*")
      found = found || current.exists;
    else if (own && current.exists)
      found = found || list_has(value, [&](const tag& other) {
                return own->opaque == other.opaque && !(strongly && (own->weak || other.weak));
              });
  });
  return found;
}

/// The date under `name`, if it is there once and is one (13.1.3, 13.1.4).
std::optional<http_time> date_in(header_view headers, std::string_view name, http_time now) noexcept {
  const auto value = headers.find(name);
  return value && headers.count(name) == 1 ? parse_http_date(*value, now) : std::nullopt;
}

http_time wall_clock() noexcept { return http_time(std::chrono::seconds(runtime::core::wall_seconds())); }

} // namespace

std::string make_etag(std::string_view opaque, bool weak) {
  if (!std::all_of(opaque.begin(), opaque.end(), is_etag_char))
    throw std::invalid_argument("perron: an entity tag cannot have controls, blanks or quotes");
  std::string text = weak ? "W/\"" : "\"";
  return text.append(opaque) += '"';
}

bool equal_strongly(std::string_view a, std::string_view b) noexcept {
  const auto first = parse_tag(a);
  const auto second = parse_tag(b);
  return first && second && !first->weak && !second->weak && first->opaque == second->opaque;
}

bool equal_weakly(std::string_view a, std::string_view b) noexcept {
  const auto first = parse_tag(a);
  const auto second = parse_tag(b);
  return first && second && first->opaque == second->opaque;
}

precondition check_preconditions(header_view headers, std::string_view method, const validators& current,
                                 http_time now) noexcept {
  if (method == "CONNECT" || method == "OPTIONS" || method == "TRACE") // 13.2.1
    return precondition::none_failed;
  const bool reads = method == "GET" || method == "HEAD";
  if (headers.contains("If-Match")) {
    if (!field_matches(headers, "If-Match", current, true))
      return precondition::failed;
  } else if (current.last_modified && current.exists) {
    const auto since = date_in(headers, "If-Unmodified-Since", now);
    if (since && *current.last_modified > *since)
      return precondition::failed;
  }
  if (headers.contains("If-None-Match")) {
    if (field_matches(headers, "If-None-Match", current, false))
      return reads ? precondition::not_modified : precondition::failed;
  } else if (reads && current.last_modified && current.exists) {
    const auto since = date_in(headers, "If-Modified-Since", now);
    if (since && *current.last_modified <= *since)
      return precondition::not_modified;
  }
  return precondition::none_failed;
}

response& set_validators(response& to, const validators& current) {
  if (!current.etag.empty())
    to.headers.emplace_back("ETag", current.etag);
  if (current.last_modified)
    to.headers.emplace_back("Last-Modified", to_http_date(std::min(*current.last_modified, wall_clock())));
  return to;
}

std::optional<response> answer_preconditions(const request& r, const validators& current) {
  const auto verdict = check_preconditions(r.headers(), r.method(), current, wall_clock());
  if (verdict == precondition::none_failed)
    return std::nullopt;
  if (verdict == precondition::failed)
    throw http_error(status::precondition_failed, "it is not in the state that the request names");
  response answer = empty(status::not_modified);
  set_validators(answer, current);
  return answer;
}

} // namespace perron::httpd
