// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/response.hpp>

#include <string>
#include <string_view>

namespace perron::httpd {

/// Sends the client elsewhere (RFC 9110 15.4), by default to be fetched with GET, as after a form:
/// `return redirect("/rooms/" + id);`. Codes: see_other, found, moved_permanently, temporary_redirect and
/// permanent_redirect, of which the last two keep the method; others throw std::invalid_argument.
///
/// Bytes that no URI has (blanks, controls, line breaks, non-ASCII) are percent-encoded, so that nothing in
/// `location` can end the field. That does not make it a place to trust: for what comes out of a request use
/// redirect_here().
response redirect(std::string_view location, int status = status::see_other);

/// A redirect to a place of this site that the client named, as `?next=/settings` does. Whatever a browser
/// would read as another host, or as a script, goes to `otherwise`: see is_local().
response redirect_here(std::string_view wanted, std::string_view otherwise = "/",
                       int status = status::see_other);

/// Whether a browser takes this reference to the site it came from: one '/', then neither '/' nor '\', which
/// would begin a host, and no control character anywhere, since browsers drop some before they look.
bool is_local(std::string_view reference) noexcept;

/// With the bytes that no URI may have percent-encoded (RFC 3986 2), '%' only where it begins no escape.
std::string to_uri_reference(std::string_view text);

} // namespace perron::httpd
