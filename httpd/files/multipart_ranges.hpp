// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/files/served_file.hpp>
#include <perron/httpd/range.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>

namespace perron::httpd::files {

/// Answers with several parts of a file, as multipart/byteranges (RFC 9110 14.6, 15.3.7.2). `head` has the
/// fields of the whole answer but its type; they must not have a Content-Range. Gives what the handler is to
/// return. Sent at once, with its length announced; throws what a writer does.
response send_parts(request& r, response head, const served_file& file, const byte_ranges& ranges);

} // namespace perron::httpd::files
