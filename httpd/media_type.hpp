// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/parameters.hpp>

#include <optional>
#include <string_view>

namespace perron::httpd {

/// The value of a Content-Type field, taken apart (RFC 9110 8.3.1). A view: valid as long as the bytes.
struct media_type {
  std::string_view type;    ///< as sent; without regard to case
  std::string_view subtype; ///< likewise
  parameters_view parameters;

  /// Whether it is `type/subtype`, whatever its parameters: `m.is("text/html")`.
  bool is(std::string_view essence) const noexcept;
  /// application/json, or any type whose subtype ends in +json (RFC 6839 3.1).
  bool is_json() const noexcept;
};

/// Nothing if `text` is no media type, or has parameters that are none.
std::optional<media_type> parse_media_type(std::string_view text) noexcept;

} // namespace perron::httpd
