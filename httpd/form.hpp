// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/target.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace perron::httpd {

/// The fields of a form that was posted as application/x-www-form-urlencoded: `form_body(r).get("name")`.
/// The view lives as long as the request. Waits for the body as request::body() does. Throws http_error 415
/// for another Content-Type, 400 for a bad percent escape, bad UTF-8 or NUL. For forms with files see
/// multipart.hpp.
query_view form_body(request& r);

/// One more field of a form or query, `name=value`, encoded onto the end of `text` (WHATWG URL 5.2).
void append_form_field(std::string& text, std::string_view name, std::string_view value);

/// A whole form or query: `"/search?" + to_form({{"q", words}})`.
std::string to_form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

} // namespace perron::httpd
