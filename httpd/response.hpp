// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/status.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perron::httpd {

/// What a handler gives back. Content-Length, Date and Connection are added by the server and must not be
/// among the headers. Header values with line breaks are refused: the request then ends as a crash, with a
/// 500.
struct response {
  int status = status::ok;
  std::string body{};
  std::string content_type{};                                 ///< no Content-Type field if empty
  std::vector<std::pair<std::string, std::string>> headers{}; ///< further fields, in this order
};

/// `return text("Hello, world!");`
inline response text(std::string body, int status = status::ok) {
  return {status, std::move(body), "text/plain; charset=utf-8", {}};
}
inline response html(std::string body, int status = status::ok) {
  return {status, std::move(body), "text/html; charset=utf-8", {}};
}
/// The body must be JSON already.
inline response json(std::string body, int status = status::ok) {
  return {status, std::move(body), "application/json", {}};
}
/// An answer without a body.
inline response empty(int status = status::no_content) { return {status, {}, {}, {}}; }

/// Thrown by a handler, or by what it calls, to answer with an error; no crash, no report.
/// `throw http_error(status::not_found, "no such room");`
class http_error : public std::exception {
public:
  http_error(int status, std::string what) : status_(status), what_(std::move(what)) {}
  int status() const noexcept { return status_; }
  const char* what() const noexcept override { return what_.c_str(); }

private:
  int status_;
  std::string what_;
};

} // namespace perron::httpd
