// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// A place in the history of a topic: behind the entry of this number. Numbers grow by one from entry to
/// entry, beginning with 1, for as long as the history lives; the epoch names that history, so that a topic
/// which has lost its own and counts anew is not taken for the one before. A value; {0, 0} is no place.
struct topic_cursor {
  std::uint64_t epoch = 0;
  std::uint64_t id = 0;

  explicit operator bool() const noexcept { return epoch != 0; }
  friend auto operator<=>(const topic_cursor&, const topic_cursor&) noexcept = default;
};

/// "2f9c01-17": the epoch in hexadecimal, the number in decimal digits.
std::string to_string(const topic_cursor& at);
/// Nothing if the text is not just what to_string gives. Anything may be in it.
std::optional<topic_cursor> parse_cursor(std::string_view text) noexcept;

} // namespace perron::httpd
