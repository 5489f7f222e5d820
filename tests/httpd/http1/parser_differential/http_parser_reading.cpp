// SPDX-License-Identifier: BSD-3-Clause
#include "reading.hpp"

#include <http_parser.h>

namespace perron::differential {
namespace {

struct state {
  reading out;
  bool in_value = false;
  bool head_is_over = false;

  auto& lines() { return head_is_over ? out.trailers : out.fields; }
};

state& of(http_parser* parser) { return *static_cast<state*>(parser->data); }

int on_url(http_parser* parser, const char* at, std::size_t size) {
  of(parser).out.target.append(at, size);
  return 0;
}

int on_header_field(http_parser* parser, const char* at, std::size_t size) {
  state& s = of(parser);
  if (s.in_value || s.lines().empty())
    s.lines().emplace_back();
  s.in_value = false;
  s.lines().back().first.append(at, size);
  return 0;
}

int on_header_value(http_parser* parser, const char* at, std::size_t size) {
  state& s = of(parser);
  s.in_value = true;
  s.lines().back().second.append(at, size);
  return 0;
}

int on_headers_complete(http_parser* parser) {
  state& s = of(parser);
  s.head_is_over = true;
  s.in_value = false;
  s.out.method = http_method_str(static_cast<http_method>(parser->method));
  s.out.minor_version = parser->http_minor;
  s.out.keep_alive = http_should_keep_alive(parser) != 0;
  return 0;
}

int on_body(http_parser* parser, const char* at, std::size_t size) {
  of(parser).out.content.append(at, size);
  return 0;
}

int on_message_complete(http_parser* parser) {
  of(parser).out.how = reading::outcome::complete;
  http_parser_pause(parser, 1);
  return 0;
}

} // namespace

reading read_with_http_parser(std::string_view bytes) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = on_url;
  settings.on_header_field = on_header_field;
  settings.on_header_value = on_header_value;
  settings.on_headers_complete = on_headers_complete;
  settings.on_body = on_body;
  settings.on_message_complete = on_message_complete;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  state s;
  parser.data = &s;
  const std::size_t n = http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
  const http_errno error = HTTP_PARSER_ERRNO(&parser);
  if (s.out.is_complete()) {
    s.out.consumed = n;
  } else if (error != HPE_OK) {
    s.out.how = reading::outcome::bad;
    s.out.why = http_errno_name(error);
  }
  for (auto* lines : {&s.out.fields, &s.out.trailers})
    for (auto& line : *lines)
      line.second = trimmed(line.second);
  return std::move(s.out);
}

} // namespace perron::differential
