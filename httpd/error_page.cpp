// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/error_page.hpp>

#include <perron/httpd/accept.hpp>

#include <nlohmann/json.hpp>

namespace perron::httpd {

namespace {

response as_text(int code, std::string_view why) {
  response r = text(std::to_string(code) + ' ', code);
  r.body += reason_phrase(code);
  r.body += '\n';
  if (!why.empty()) {
    r.body += why;
    r.body += '\n';
  }
  return r;
}

response as_html(int code, std::string_view why) {
  const std::string title = std::to_string(code) + ' ' + std::string(reason_phrase(code));
  response r = html("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + title +
                        "</title>\n<h1>" + title + "</h1>\n",
                    code);
  if (!why.empty())
    r.body += "<p>" + escape_html(why) + "</p>\n";
  r.body += "</html>\n";
  return r;
}

response as_problem(int code, std::string_view why, std::string_view type) {
  nlohmann::ordered_json problem{{"status", code}, {"title", reason_phrase(code)}};
  if (!why.empty())
    problem["detail"] = why;
  response r =
      json(problem.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n', code);
  r.content_type = type;
  return r;
}

} // namespace

response error_page(header_view request_headers, int code, std::string_view why) {
  const auto type =
      best_type(request_headers, {"text/plain", "text/html", "application/problem+json", "application/json"});
  response r = !type || *type == "text/plain" ? as_text(code, why)
               : *type == "text/html"         ? as_html(code, why)
                                              : as_problem(code, why, *type);
  r.headers.emplace_back("Vary", "Accept");
  return r;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

} // namespace perron::httpd
