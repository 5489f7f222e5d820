// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string_view>

namespace perron::httpd {

/// Deepest nesting that json_body() takes. The stack of a process is small, and whoever walks a value goes
/// as deep as it does.
inline constexpr std::size_t max_json_depth = 64;

/// The request's body as JSON (RFC 8259). Waits for the body as request::body() does. Throws http_error 415
/// if Content-Type is not application/json or some other +json, which also keeps forms of other sites out,
/// and 400 with the byte and what is wrong there if the body is no JSON, or deeper than max_json_depth.
nlohmann::json json_body(request& r);

/// The same without a request.
nlohmann::json parse_json(std::string_view text);

namespace detail {
[[noreturn]] void throw_unfit_json(const nlohmann::json::exception& why);
}

/// The body as a T that nlohmann-json can make (from_json, NLOHMANN_DEFINE_TYPE_INTRUSIVE). Throws http_error
/// 422 with what is wrong if the JSON is well-formed and no T.
template <class T>
T json_body(request& r) {
  const nlohmann::json value = json_body(r);
  try {
    return value.get<T>();
  } catch (const nlohmann::json::exception& why) {
    detail::throw_unfit_json(why);
  }
}

/// `return json_response({{"reached", reached}});` Bytes in strings that are no UTF-8 are sent as U+FFFD.
response json_response(const nlohmann::json& value, int status = status::ok);

} // namespace perron::httpd
