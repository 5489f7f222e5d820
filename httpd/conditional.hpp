// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/response.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// What tells one state of a resource from another (RFC 9110 8.8).
struct validators {
  std::string etag{}; ///< as in the field, with its quotes: "\"v7\"" or "W/\"v7\""; empty: none
  std::optional<http_time> last_modified{};
  bool exists = true; ///< false: there is no such resource yet, as before the first PUT
};

/// An entity tag as a field has it. Throws std::invalid_argument if `opaque` has a byte that none may have:
/// controls, blanks and '"' (8.8.3).
std::string make_etag(std::string_view opaque, bool weak = false);

/// Equality of entity tags (8.8.3.2): weak ignores W/, strong wants neither to have it. Both as in a field.
bool equal_strongly(std::string_view a, std::string_view b) noexcept;
bool equal_weakly(std::string_view a, std::string_view b) noexcept;

enum class precondition : std::uint8_t {
  none_failed,  ///< go on
  not_modified, ///< 304: the client has it already
  failed,       ///< 412: it is not what the client thinks
};

/// What If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since together say, in the order of RFC
/// 9110 13.2.2. Only for a request that would otherwise be answered with a 2xx (13.2.1), and before anything
/// is changed. Dates that are none are ignored, tags that are none match nothing. Pure; allocates nothing.
precondition check_preconditions(header_view headers, std::string_view method, const validators& current,
                                 http_time now) noexcept;

/// Adds ETag and Last-Modified. A time in the future is sent as now (8.8.2.1).
response& set_validators(response& to, const validators& current);

/// The whole of it for a handler; nothing: go on.
///
///     const validators current{.etag = make_etag(version), .last_modified = {}};
///     if (auto done = answer_preconditions(r, current))
///       return *std::move(done);
std::optional<response> answer_preconditions(const request& r, const validators& current);

} // namespace perron::httpd
