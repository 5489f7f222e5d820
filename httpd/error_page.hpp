// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/response.hpp>

#include <string>
#include <string_view>

namespace perron::httpd {

/// The answer that says what went wrong, where no router has its own pages: plain text, or HTML or JSON
/// (problem details, RFC 9457) if the request likes them better (Accept). `why` goes to the client: no
/// secrets. A reader who accepts none of the three gets text (RFC 9110 15.5.7).
response error_page(header_view request_headers, int status, std::string_view why = {});

/// With the characters that mean something in HTML replaced: `& < > " '`. For content and quoted attributes.
std::string escape_html(std::string_view text);

} // namespace perron::httpd
