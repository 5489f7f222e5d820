// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/media_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// A field as a value of its type:
///
///     if (const auto type = typed<field::content_type>(r); type && type->is("text/csv"))
///       ...
///
/// Nothing if the field is not there, is there more than once, or is not what it should be. `from` is a
/// request or any other thing with headers(). A kind of field is any type that says its name and how it is
/// parsed, so programs add their own:
///
///     struct shard {
///       static constexpr std::string_view name = "X-Shard";
///       static std::optional<std::uint64_t> parse(std::string_view value) { return parse_number(value); }
///     };
template <class Field, class Message>
auto typed(const Message& from) -> decltype(Field::parse(std::string_view())) {
  const header_view all = from.headers();
  const auto value = all.find(Field::name);
  if (!value || all.count(Field::name) != 1)
    return std::nullopt;
  return Field::parse(*value);
}

/// All decimal digits, at least one, and no more than fit.
std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// The value of an Authorization field (RFC 9110 11.4). A view: valid as long as the bytes.
struct credentials {
  std::string_view scheme; ///< without regard to case; see is()
  std::string_view rest;   ///< a token68 or parameters, as sent

  bool is(std::string_view of) const noexcept { return equal_ignoring_case(scheme, of); }
};

/// User and password of `Basic` credentials (RFC 7617): base64 of "user:password". Nothing if they are none,
/// or have control characters. Compare passwords in constant time.
struct basic_credentials {
  std::string user;
  std::string password;
};
std::optional<basic_credentials> parse_basic(const credentials& from);

namespace field {

struct content_type {
  static constexpr std::string_view name = "Content-Type";
  static std::optional<media_type> parse(std::string_view value) noexcept { return parse_media_type(value); }
};

struct content_length {
  static constexpr std::string_view name = "Content-Length";
  static std::optional<std::uint64_t> parse(std::string_view value) noexcept { return parse_number(value); }
};

struct authorization {
  static constexpr std::string_view name = "Authorization";
  static std::optional<credentials> parse(std::string_view value) noexcept;
};

/// Dates in RFC 850 form are read as of now, by the clock of the node.
struct date {
  static constexpr std::string_view name = "Date";
  static std::optional<http_time> parse(std::string_view value) noexcept;
};
struct if_modified_since : date {
  static constexpr std::string_view name = "If-Modified-Since";
};
struct if_unmodified_since : date {
  static constexpr std::string_view name = "If-Unmodified-Since";
};

} // namespace field

} // namespace perron::httpd
