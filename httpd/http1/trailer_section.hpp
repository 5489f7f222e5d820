// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/http1/request_head.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace perron::httpd::http1 {

struct trailer_result {
  head_outcome outcome = head_outcome::need_more;
  int status = 0;           ///< of bad: 400 or 431
  std::size_t consumed = 0; ///< of complete: bytes up to the end of the message
  std::size_t count = 0;    ///< of complete: fields in the storage
  const char* what = "";    ///< of bad: what is wrong, lives as long as the program
};

/// Parses the trailer section behind a last chunk (RFC 9112 7.1.2) from the front of `input`, which is all
/// that came since: fields by the same strict rules as in a request head, then an empty line. The same limits
/// hold as for a head. Views point into `input`. `storage` bounds the number of fields beside max_headers.
///
/// Refused are fields that say how a message is framed, routed or how its connection goes on (RFC
/// 9110 6.5.1): whoever merged them with the head would read another message than we did. All others are
/// given as they are; they are no header fields and must not be taken for some.
///
/// Nothing is found out before the empty line is there, so call it with more bytes only when they end in CRLF
/// CRLF, or are CRLF; each call looks at all of the input. Any thread.
trailer_result parse_trailer_section(std::string_view input, std::span<header_field> storage,
                                     const head_limits& limits = {}) noexcept;

/// Whether a name may stand in a trailer section at all; see above.
bool may_be_trailer(std::string_view name) noexcept;

} // namespace perron::httpd::http1
