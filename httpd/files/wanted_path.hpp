// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace perron::httpd::files {

/// Whether a decoded path, relative to a root, can name a file or, with a '/' at its end, a folder of it; the
/// empty one is the root. What can not: empty segments (so an absolute path), "." and "..", NUL. Names that
/// begin with a dot only if `hidden`, but for a first ".well-known" (RFC 8615). A backslash is a character
/// like others: no system that this runs on takes it for a separator. Pure.
bool is_wanted_path(std::string_view path, bool hidden) noexcept;

/// A path of try_files: `pattern` with `{path}` replaced by `asked`, without a '/' at its end or at the
/// front.
std::string path_to_try(std::string_view pattern, std::string_view asked);

/// A decoded path as the path of a URI: what a segment may not have is percent-encoded, '/' is kept
/// (RFC 3986 3.3).
std::string to_uri_path(std::string_view path);

} // namespace perron::httpd::files
