// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/files/static_options.hpp>
#include <perron/httpd/request.hpp>

#include <string_view>

namespace perron::httpd {

/// A handler that sends files: `r.get("/static/*path", static_files({.root = "public"}));`
///
/// What is sent lies below one of the roots, whatever links and races there are (openat2 with
/// RESOLVE_BENEATH; on kernels without it links are not followed at all). Regular files only; names that
/// begin with a dot, paths with empty segments and with encoded slashes are not found. A folder without '/'
/// at its end is sent on to the path with one (301).
///
/// GET and HEAD, with ETag, Last-Modified, all preconditions and ranges, several too (RFC 9110 13, 14); a
/// Content-Type by the name, and nosniff. The ETag is made of size and time of the last change, and weak
/// while that is less than two seconds ago. On a route for every method others are answered with 405.
///
/// Files are kept open, small ones in memory, between requests (file_cache_options): a change is seen after
/// `cache.fresh`, a second, at the latest; a large file that grew is seen at once. Files are to be replaced
/// (renamed over), not written in place: what is being sent may else be cut.
///
/// Opening waits for the disk outside of the worker, if it has to. Any number of threads. Throws
/// std::system_error if there is no such folder, std::runtime_error for a table of media types that is none,
/// std::invalid_argument without a root.
handler static_files(static_options options);

/// What a file of this name holds, by its extension: "text/html; charset=utf-8"; application/octet-stream if
/// the built-in table does not have it. The view lives as long as the program.
std::string_view content_type_of(std::string_view file_name) noexcept;

} // namespace perron::httpd
