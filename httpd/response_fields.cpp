// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/response_fields.hpp>

#include <perron/httpd/headers.hpp>

#include <algorithm>
#include <utility>

namespace perron::httpd {
namespace {

bool is_content_type(std::string_view name) noexcept { return equal_ignoring_case(name, "Content-Type"); }

} // namespace

std::optional<std::string_view> find_field(const response& in, std::string_view name) noexcept {
  if (is_content_type(name) && !in.content_type.empty())
    return in.content_type;
  for (const auto& [own, value] : in.headers)
    if (equal_ignoring_case(own, name))
      return value;
  return std::nullopt;
}

void set_field(response& in, std::string_view name, std::string value) {
  erase_field(in, name);
  if (is_content_type(name))
    in.content_type = std::move(value);
  else
    in.headers.emplace_back(name, std::move(value));
}

void erase_field(response& in, std::string_view name) {
  if (is_content_type(name))
    in.content_type.clear();
  std::erase_if(in.headers, [&](const auto& own) { return equal_ignoring_case(own.first, name); });
}

bool has_token(const response& in, std::string_view name, std::string_view token) noexcept {
  bool found = false;
  for (const auto& [own, value] : in.headers)
    if (equal_ignoring_case(own, name))
      each_list_element(value, [&](std::string_view element) {
        found = found || equal_ignoring_case(element, token);
        return !found;
      });
  return found;
}

void add_vary(response& in, std::string_view request_field) {
  if (has_token(in, "Vary", request_field) || has_token(in, "Vary", "*"))
    return;
  for (auto& [own, value] : in.headers)
    if (equal_ignoring_case(own, "Vary")) {
      value += value.empty() ? "" : ", ";
      value += request_field;
      return;
    }
  in.headers.emplace_back("Vary", request_field);
}

} // namespace perron::httpd
