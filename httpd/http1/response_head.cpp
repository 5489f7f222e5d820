// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/response_head.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/status.hpp>

#include <array>
#include <charconv>
#include <cstring>

namespace perron::httpd::http1 {

namespace {

constexpr std::size_t date_size = 29; // "Sun, 06 Nov 1994 08:49:37 GMT"
constexpr std::string_view date_name = "Date: ";
constexpr std::string_view length_name = "Content-Length: ";
constexpr std::string_view chunked_line = "Transfer-Encoding: chunked\r\n";
constexpr std::string_view line_end = "\r\n";

constexpr std::string_view connection_line(connection_option option) noexcept {
  switch (option) {
  case connection_option::close:
    return "Connection: close\r\n";
  case connection_option::keep_alive:
    return "Connection: keep-alive\r\n";
  case connection_option::upgrade:
    return "Connection: upgrade\r\n";
  case connection_option::none:
    break;
  }
  return {};
}

const char* find_value_fault(std::string_view value) noexcept {
  const char* end = value.data() + value.size();
  if (detail::find_control(value.data(), end, value.data()) != end)
    return "field value has a control character";
  if (!value.empty() && (httpd::detail::is_blank(value.front()) || httpd::detail::is_blank(value.back())))
    return "field value begins or ends with a blank";
  return nullptr;
}

const char* find_field_fault(const header_field& field, bool has_date) noexcept {
  const auto name = field.name;
  const char* end = name.data() + name.size();
  if (name.empty() || detail::find_token_end(name.data(), end, name.data()) != end)
    return "field name is not a token";
  switch (name.size()) {
  case 4:
    if (has_date && equal_ignoring_case(name, "date"))
      return "Date is said twice";
    break;
  case 10:
    if (equal_ignoring_case(name, "connection"))
      return "Connection among the fields";
    break;
  case 14:
    if (equal_ignoring_case(name, "content-length"))
      return "Content-Length among the fields";
    break;
  case 17:
    if (equal_ignoring_case(name, "transfer-encoding"))
      return "Transfer-Encoding among the fields";
    break;
  default:
    break;
  }
  return find_value_fault(field.value);
}

const char* find_head_fault(const response_head& head) noexcept {
  if (head.status < 100 || head.status > 599)
    return "status is not 100 to 599";
  if (!head.date.empty() && (head.date.size() != date_size || find_value_fault(head.date) != nullptr))
    return "date is not an IMF-fixdate";
  if (head.chunked && head.content_length)
    return "both chunked and a Content-Length";
  if (head.chunked && has_no_content(head.status))
    return "chunked with a status that has no content";
  return nullptr;
}

struct writer {
  char* at;

  void put(std::string_view text) noexcept {
    if (!text.empty())
      std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
};

} // namespace

const char* find_field_fault(const header_field& field) noexcept { return find_field_fault(field, false); }

write_result write_response_head(const response_head& head, std::span<char> out) noexcept {
  if (const char* fault = find_head_fault(head))
    return {.outcome = write_outcome::refused, .what = fault, .field = head.fields.size()};

  auto first_line = status_line(head.status);
  std::array<char, 15> unregistered{'H', 'T', 'T', 'P', '/', '1',  '.', '1',
                                    ' ', '?', '?', '?', ' ', '\r', '\n'};
  if (first_line.empty()) {
    std::to_chars(unregistered.data() + 9, unregistered.data() + 12, head.status);
    first_line = {unregistered.data(), unregistered.size()};
  }

  std::array<char, 20> digits;
  std::string_view length;
  if (head.content_length && head.status >= 200 && head.status != status::no_content) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *head.content_length).ptr;
    length = {digits.data(), static_cast<std::size_t>(end - digits.data())};
  }
  const auto connection = connection_line(head.connection);

  std::size_t size = first_line.size() + connection.size() + line_end.size();
  if (!head.date.empty())
    size += date_name.size() + head.date.size() + line_end.size();
  if (!length.empty())
    size += length_name.size() + length.size() + line_end.size();
  if (head.chunked)
    size += chunked_line.size();
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const auto& field = head.fields[i];
    if (const char* fault = find_field_fault(field, !head.date.empty()))
      return {.outcome = write_outcome::refused, .what = fault, .field = i};
    size += field.name.size() + 2 + field.value.size() + line_end.size();
  }
  if (size > out.size())
    return {.outcome = write_outcome::too_small, .size = size};

  writer to{out.data()};
  to.put(first_line);
  if (!head.date.empty()) {
    to.put(date_name);
    to.put({head.date.data(), date_size}); // a size that the compiler knows
    to.put(line_end);
  }
  if (!length.empty()) {
    to.put(length_name);
    to.put(length);
    to.put(line_end);
  }
  if (head.chunked)
    to.put(chunked_line);
  to.put(connection);
  for (const auto& field : head.fields) {
    to.put(field.name);
    to.put(": ");
    to.put(field.value);
    to.put(line_end);
  }
  to.put(line_end);
  return {.outcome = write_outcome::written, .size = size};
}

} // namespace perron::httpd::http1
