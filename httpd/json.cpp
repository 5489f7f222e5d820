// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/json.hpp>

#include <perron/httpd/typed.hpp>

#include <string>

namespace perron::httpd {

namespace {

/// What nlohmann-json says without "[json.exception.parse_error.101] " and without the client's own bytes.
std::string told(const nlohmann::json::exception& why) {
  std::string_view text = why.what();
  if (const auto end = text.find("] "); text.starts_with('[') && end != std::string_view::npos)
    text.remove_prefix(end + 2);
  return std::string(text.substr(0, text.find("; last read: ")));
}

} // namespace

nlohmann::json parse_json(std::string_view text) {
  const auto bound_depth = [](int depth, nlohmann::json::parse_event_t event, nlohmann::json&) {
    const bool opens = event == nlohmann::json::parse_event_t::object_start ||
                       event == nlohmann::json::parse_event_t::array_start;
    if (opens && depth >= static_cast<int>(max_json_depth))
      throw http_error(status::bad_request,
                       "the JSON is nested deeper than " + std::to_string(max_json_depth) + " levels");
    return true;
  };
  try {
    return nlohmann::json::parse(text, bound_depth);
  } catch (const nlohmann::json::exception& why) {
    throw http_error(status::bad_request, "the body is no JSON: " + told(why));
  }
}

nlohmann::json json_body(request& r) {
  const auto type = typed<field::content_type>(r);
  if (!type || !type->is_json())
    throw http_error(status::unsupported_media_type, "send application/json");
  return parse_json(r.body());
}

void detail::throw_unfit_json(const nlohmann::json::exception& why) {
  throw http_error(status::unprocessable_content, "the JSON is not as expected: " + told(why));
}

response json_response(const nlohmann::json& value, int code) {
  return json(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), code);
}

} // namespace perron::httpd
