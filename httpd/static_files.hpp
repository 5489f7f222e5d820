// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/files/static_options.hpp>
#include <perron/httpd/request.hpp>

#include <string_view>

namespace perron::httpd {

/// A handler that sends files: `r.get("/static/*path", static_files({.root = "public"}));`
///
/// What is sent lies below `root`, whatever links and races there are (openat2 with RESOLVE_BENEATH; on
/// kernels without it links are not followed at all). Regular files only; names that begin with a dot, paths
/// with empty segments and with encoded slashes are not found. GET and HEAD, with ETag, Last-Modified,
/// preconditions and ranges (range.hpp), a Content-Type by the name, and nosniff. The ETag is made of size
/// and time of the last change, and weak while that is less than two seconds ago. Files are to be replaced
/// (renamed over), not written in place: what is being sent may else be cut.
///
/// Opening waits for the disk outside of the worker, if it has to. Throws std::system_error if there is no
/// such folder.
handler static_files(static_options options);

/// What a file of this name holds, by its extension: "text/html; charset=utf-8"; application/octet-stream if
/// it is not known. The view lives as long as the program.
std::string_view content_type_of(std::string_view file_name) noexcept;

} // namespace perron::httpd
