// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace perron::httpd {

/// Content negotiation (RFC 9110 12): which of the things that a handler can send a request likes best.
///
///     const auto type = best_type(r.headers(), {"text/html", "application/json"});
///     if (!type)
///       throw http_error(status::not_acceptable, "there is HTML and JSON");
///
/// All give one of `offered`, written as there, or nothing if none is acceptable. Of equals the one that is
/// offered first wins, and so it does without a field. Elements that are malformed are skipped; a field with
/// no other elements counts as none. Who sends what was chosen this way adds `Vary: Accept` (or the other
/// field's name) for caches. Pure; allocate nothing; O(offered x bytes of the field).
using offers = std::span<const std::string_view>;

/// By Accept (12.5.1). Of the ranges that have a type the most specific says how it is liked, so that
/// `text/*;q=0.5, text/html` likes text/html fully. A range with parameters has only offers with the same.
std::optional<std::string_view> best_type(header_view headers, offers offered) noexcept;

/// By Accept-Language (12.5.4): `en` has en and en-GB (basic filtering, RFC 4647 3.3.1). Where no range has
/// an offer, ranges are shortened: `de-CH` then takes de (lookup, 3.4). If that gives nothing, send a default
/// rather than a 406.
std::optional<std::string_view> best_language(header_view headers, offers offered) noexcept;

/// By Accept-Encoding (12.5.3). "identity" is always offered, last, and is what a request without the field
/// gets; nothing: even that is refused. x-gzip is gzip.
std::optional<std::string_view> best_encoding(header_view headers, offers offered) noexcept;

inline std::optional<std::string_view> best_type(header_view headers,
                                                 std::initializer_list<std::string_view> offered) noexcept {
  return best_type(headers, offers(offered.begin(), offered.size()));
}
inline std::optional<std::string_view>
best_language(header_view headers, std::initializer_list<std::string_view> offered) noexcept {
  return best_language(headers, offers(offered.begin(), offered.size()));
}
inline std::optional<std::string_view>
best_encoding(header_view headers, std::initializer_list<std::string_view> offered) noexcept {
  return best_encoding(headers, offers(offered.begin(), offered.size()));
}

} // namespace perron::httpd
