// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/access_record.hpp>

#include <chrono>
#include <string>
#include <string_view>

// What a line of an access log says of a record. Texts that come from the peer are as sent, not escaped.
namespace perron::httpd::access_log_detail {

void append_peer(std::string& out, const access_record& r);
/// "26/Nov/2026:20:15:00 +0100"
void append_local_time(std::string& out, std::chrono::system_clock::time_point t);
/// "2026-11-26T19:15:00.123Z" (RFC 3339)
void append_iso_time(std::string& out, std::chrono::system_clock::time_point t);
/// "12.345"
void append_seconds(std::string& out, std::chrono::nanoseconds t, int digits = 3);
/// Escaped.
void append_request(std::string& out, const access_record& r);

/// Of basic authentication (RFC 7617 2), whether it was right or not; empty if there is none.
std::string user_of(const access_record& r);
std::string_view query_of(const access_record& r) noexcept;
/// "HTTP/1.1"; empty if no head could be read.
std::string_view protocol_of(const access_record& r) noexcept;
/// 499 where no answer was begun, as nginx has it.
int status_of(const access_record& r) noexcept;
std::string_view end_of(const access_record& r) noexcept;

} // namespace perron::httpd::access_log_detail
