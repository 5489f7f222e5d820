// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>
#include <perron/httpd/rules/path_pattern.hpp>

namespace perron::httpd::core {

/// A redirect to what `to` makes of the request. Throws http_error 400 if it wants a host and the request
/// names none.
response templated_redirect(request& r, const path_template& to, const path_captures& captures,
                            bool keep_query, int code);

} // namespace perron::httpd::core
