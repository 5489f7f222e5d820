// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// A moment as HTTP knows it: whole seconds, UTC, no leap seconds.
using http_time = std::chrono::sys_seconds;

/// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that may be sent (IMF-fixdate, RFC 9110 5.6.7). Years 0000
/// to 9999; a time outside is moved to the nearer end. Allocates nothing. Any thread.
std::array<char, 29> write_http_date(http_time when) noexcept;
std::string to_http_date(http_time when);

/// Any of the three forms that RFC 9110 5.6.7 wants understood; nothing if it is none, or no such day or
/// time exists. A wrong name of the day is let pass: it says nothing that the date does not. The obsolete
/// RFC 850 form has two digits of the year; what seems more than 50 years after `now` is in the past. No
/// clock of its own, allocates nothing. Any thread.
std::optional<http_time> parse_http_date(std::string_view text, http_time now) noexcept;

} // namespace perron::httpd
