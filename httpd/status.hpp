// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace perron::httpd {

/// The status codes this server itself answers with or tests for; any other number from 100 to 599 may be
/// sent as well. Source: RFC 9110 15, RFC 6585, RFC 8297, RFC 6455.
namespace status {
inline constexpr int continue_ = 100;
inline constexpr int switching_protocols = 101;
inline constexpr int early_hints = 103;
inline constexpr int ok = 200;
inline constexpr int created = 201;
inline constexpr int accepted = 202;
inline constexpr int no_content = 204;
inline constexpr int partial_content = 206;
inline constexpr int moved_permanently = 301;
inline constexpr int found = 302;
inline constexpr int see_other = 303;
inline constexpr int not_modified = 304;
inline constexpr int temporary_redirect = 307;
inline constexpr int permanent_redirect = 308;
inline constexpr int bad_request = 400;
inline constexpr int unauthorized = 401;
inline constexpr int forbidden = 403;
inline constexpr int not_found = 404;
inline constexpr int method_not_allowed = 405;
inline constexpr int not_acceptable = 406;
inline constexpr int request_timeout = 408;
inline constexpr int conflict = 409;
inline constexpr int gone = 410;
inline constexpr int length_required = 411;
inline constexpr int precondition_failed = 412;
inline constexpr int content_too_large = 413;
inline constexpr int uri_too_long = 414;
inline constexpr int unsupported_media_type = 415;
inline constexpr int range_not_satisfiable = 416;
inline constexpr int expectation_failed = 417;
inline constexpr int misdirected_request = 421;
inline constexpr int unprocessable_content = 422;
inline constexpr int upgrade_required = 426;
inline constexpr int too_many_requests = 429;
inline constexpr int header_fields_too_large = 431;
inline constexpr int internal_server_error = 500;
inline constexpr int not_implemented = 501;
inline constexpr int bad_gateway = 502;
inline constexpr int service_unavailable = 503;
inline constexpr int gateway_timeout = 504;
inline constexpr int version_not_supported = 505;
} // namespace status

/// The registered phrase of a code ("Not Found"), or an empty view for a code without one. The view lives as
/// long as the program. One table look-up; any thread.
std::string_view reason_phrase(int code) noexcept;

/// The whole status line, "HTTP/1.1 404 Not Found\r\n", for codes that have a phrase; empty for others.
std::string_view status_line(int code) noexcept;

/// Whether a response of this code never has content: 1xx, 204, 304 (RFC 9112 6.3).
constexpr bool has_no_content(int code) noexcept {
  return (code >= 100 && code < 200) || code == status::no_content || code == status::not_modified;
}

} // namespace perron::httpd
