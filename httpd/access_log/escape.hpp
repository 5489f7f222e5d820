// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

// What a peer sent, made safe for one line of a log: whatever is in it, it can neither end the line, nor look
// like the end of its field, nor reach a terminal as a control sequence. Pure; append to `out`.
namespace perron::httpd::access_log_detail {

/// For text between quotes: a quote, a backslash, and all bytes but printable ASCII become \xHH, as nginx
/// writes them.
void append_escaped(std::string& out, std::string_view text);

/// For the inside of a JSON string (RFC 8259 7). Control characters, DEL and those of Latin-1 too, become
/// \u00HH; what is no UTF-8 becomes U+FFFD, byte by byte, so that the line is UTF-8 whatever came.
void append_json_escaped(std::string& out, std::string_view text);

} // namespace perron::httpd::access_log_detail
