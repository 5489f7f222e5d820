// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace perron::httpd::http1 {

/// What the Connection field of a response says. HTTP/1.1 persists without a word, so `keep_alive` is for
/// answers to HTTP/1.0 requests that asked for it (RFC 9112 9.3).
enum class connection_option : std::uint8_t { none, close, keep_alive, upgrade };

/// All that goes into a response head. Content-Length, Transfer-Encoding and Connection are said by members
/// and refused among the fields: two of them that disagree are how responses get split.
struct response_head {
  int status = 200;                            ///< 100 to 599
  std::string_view date;                       ///< an IMF-fixdate (29 bytes), or empty for no Date field
  std::optional<std::uint64_t> content_length; ///< left out by itself for 1xx and 204 (RFC 9110 8.6)
  bool chunked = false;                        ///< Transfer-Encoding: chunked; not with content_length
  connection_option connection = connection_option::none;
  std::span<const header_field> fields; ///< further fields, written in this order
};

enum class write_outcome : std::uint8_t {
  written,
  too_small, ///< the buffer; `size` says how many bytes it takes
  refused,   ///< the head must not be sent; `what` says why
};

struct write_result {
  write_outcome outcome = write_outcome::refused;
  std::size_t size = 0;  ///< bytes written, or needed if too_small
  const char* what = ""; ///< of refused: lives as long as the program
  std::size_t field = 0; ///< of refused: index into `fields` if one of them is at fault, else their number
};

/// Writes status line, fields and the empty line into `out`, at its front, or nothing at all if they do not
/// fit or must not be sent. Refused are: field names that are no tokens, values with a control character
/// other than HTAB (CR, LF and NUL among them: header injection) or with blanks at either end, a status
/// outside 100 to 599, and framing that contradicts itself. Allocates nothing; two passes over the fields;
/// any thread.
write_result write_response_head(const response_head& head, std::span<char> out) noexcept;

/// What is wrong with a field that is to be sent, by the rules above; nullptr: nothing.
const char* find_field_fault(const header_field& field) noexcept;

} // namespace perron::httpd::http1
