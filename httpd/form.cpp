// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/form.hpp>

#include <perron/httpd/typed.hpp>

namespace perron::httpd {

namespace {

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (c == ' ') {
      out += '+';
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '*' ||
               c == '-' || c == '.' || c == '_') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
}

} // namespace

query_view form_body(request& r) {
  const auto type = typed<field::content_type>(r);
  if (!type || !type->is("application/x-www-form-urlencoded"))
    throw http_error(status::unsupported_media_type, "send application/x-www-form-urlencoded");
  const auto text = r.body();
  if (const auto checked = check_form_text(text, "form"); !checked)
    throw http_error(status::bad_request, checked.error().text);
  return query_view(text);
}

void append_form_field(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty() && text.back() != '?' && text.back() != '&')
    text += '&';
  append_encoded(text, name);
  text += '=';
  append_encoded(text, value);
}

std::string to_form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  for (const auto& [name, value] : fields)
    append_form_field(text, name, value);
  return text;
}

} // namespace perron::httpd
