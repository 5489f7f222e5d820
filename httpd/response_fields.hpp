// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/response.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

// The fields of a response by their names, without regard to case; for middleware that changes what handlers
// give. "Content-Type" is response::content_type. O(fields). A view given lives until the response changes.

/// The first value of this name.
std::optional<std::string_view> find_field(const response& in, std::string_view name) noexcept;
/// In place of all lines of this name.
void set_field(response& in, std::string_view name, std::string value);
void erase_field(response& in, std::string_view name);

/// Whether the list under this name has the token, over all its lines.
bool has_token(const response& in, std::string_view name, std::string_view token) noexcept;

/// Says that the answer depends on this field of the request (RFC 9110 12.5.5): adds it to Vary unless it is
/// there or Vary is "*".
void add_vary(response& in, std::string_view request_field);

} // namespace perron::httpd
