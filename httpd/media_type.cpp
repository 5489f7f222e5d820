// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/media_type.hpp>

#include <perron/httpd/http1/characters.hpp>

#include <algorithm>

namespace perron::httpd {

using http1::detail::is_token;

bool media_type::is(std::string_view essence) const noexcept {
  const auto slash = essence.find('/');
  return slash != std::string_view::npos && equal_ignoring_case(type, essence.substr(0, slash)) &&
         equal_ignoring_case(subtype, essence.substr(slash + 1));
}

bool media_type::is_json() const noexcept {
  constexpr std::string_view suffix = "+json";
  return is("application/json") ||
         (subtype.size() > suffix.size() &&
          equal_ignoring_case(subtype.substr(subtype.size() - suffix.size()), suffix));
}

std::optional<media_type> parse_media_type(std::string_view text) noexcept {
  text = detail::trim_blanks(text);
  const auto semicolon = std::min(text.find(';'), text.size());
  const auto essence = detail::trim_blanks(text.substr(0, semicolon));
  const auto slash = std::min(essence.find('/'), essence.size());
  const auto parameters = parameters_view::parse(text.substr(semicolon));
  const auto subtype = essence.substr(std::min(slash + 1, essence.size()));
  if (!is_token(essence.substr(0, slash)) || !is_token(subtype) || !parameters)
    return std::nullopt;
  return media_type{essence.substr(0, slash), subtype, *parameters};
}

} // namespace perron::httpd
