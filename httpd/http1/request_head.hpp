// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::http1 {

/// Bounds on a request head. The defaults are safe on the open internet.
struct head_limits {
  std::uint32_t max_head_bytes = 16 * 1024; ///< request line and fields with all line ends; beyond it 431
  std::uint32_t max_target = 8 * 1024;      ///< bytes of the request target; beyond it 414
  std::uint32_t max_headers = 100;          ///< field lines; beyond it 431
};

/// The four shapes of a request target (RFC 9112 3.2).
enum class target_form : std::uint8_t {
  origin,    ///< `/path?query`
  absolute,  ///< `http://host/path?query`; the server answers it as it would origin-form
  authority, ///< `host:port`, of CONNECT alone
  asterisk,  ///< `*`, of OPTIONS alone; also OPTIONS with an absolute URI without path and query (3.2.4)
};

/// A request head, taken apart. Every view points into the bytes that were parsed: keep those, or copy them
/// and call rebase(). Owns nothing; give it `storage` for the fields once and use it for request after
/// request. What parse_request_head() wrote is whole only after it said `complete`.
struct request_head {
  request_head() = default;
  explicit request_head(std::span<header_field> fields) noexcept : storage(fields) {}

  std::span<header_field> storage; ///< where fields go; its size bounds their number beside max_headers

  std::string_view method; ///< as sent; methods are case-sensitive
  std::string_view target; ///< as sent
  /// Path and query as sent, for normalise_target(): `target` in origin-form, the part behind the authority
  /// in absolute-form (possibly empty or just a query), empty in the other two forms.
  std::string_view path_and_query;
  /// The authority that counts (RFC 9112 3.3): that of the target if it has one, else the Host field's value;
  /// empty if there is neither (HTTP/1.0) or Host is empty.
  std::string_view host;
  /// Length of the content in bytes, if said. Without it and without `chunked` there is no content (6.3).
  std::optional<std::uint64_t> content_length;
  std::uint32_t header_count = 0;
  std::uint8_t minor_version = 1; ///< 0 or 1; HTTP/1.2 and up count as 1 (RFC 9110 2.5)
  target_form form = target_form::origin;
  bool chunked = false;            ///< Transfer-Encoding is exactly `chunked`; content_length is then absent
  bool keep_alive = true;          ///< whether the peer lets the connection persist (9.3)
  bool connection_upgrade = false; ///< Connection lists `upgrade`; the Upgrade field says to what
  bool expect_continue = false;    ///< waits for a 100 before it sends content; never set for HTTP/1.0
  bool expect_unknown = false;     ///< an Expect that is not 100-continue: answer 417 (RFC 9110 10.1.1)

  header_view headers() const noexcept { return header_view{storage.first(header_count)}; }
};

/// Where the reading of an unfinished head stands. Start with a fresh one for each request, and hand the same
/// one in again with more bytes. Holds no pointers: between two calls the bytes may move to another buffer.
/// Opaque; 40 bytes.
struct head_progress {
  std::uint64_t content_length = 0;
  std::uint32_t line = 0; ///< where the line begins that is not complete yet
  std::uint32_t seen = 0; ///< every byte before this was looked at
  std::uint32_t fields = 0;
  std::uint32_t method_size = 0;
  std::uint16_t facts = 0;
  std::uint8_t empty_lines = 0;
  std::uint8_t chunked_codings = 0;
  std::uint8_t minor_version = 0;
  bool in_fields = false;

  /// Nothing of a head has come, except for empty lines before it: the connection counts as idle.
  bool is_idle() const noexcept { return !in_fields && line == seen; }
};

enum class head_outcome : std::uint8_t { complete, need_more, bad };

/// What parse_request_head() found. After `bad` the connection cannot be used any more: what follows in the
/// input is not known to be a request. Answer `status` and close.
struct head_result {
  head_outcome outcome = head_outcome::need_more;
  int status = 0;           ///< of bad: 400, 414, 431, 501 or 505
  std::size_t consumed = 0; ///< of complete: bytes of the head; content or the next request begins there
  std::size_t offset = 0;   ///< of bad: the byte of the input that shows the fault
  const char* what = "";    ///< of bad: what is wrong, lives as long as the program

  /// "bare LF at byte 17". Allocates; for logs and error pages.
  std::string describe() const;
};

/// Parses one request head from the front of `input` (RFC 9112 2 to 6), without copying or allocating.
///
/// `input` is all that came since the end of the previous request, so later calls repeat the bytes of earlier
/// ones. What was looked at is not looked at again: a head that comes in pieces costs at most twice what it
/// costs at once, however small the pieces are. The outcome for the same bytes is the same however they were
/// cut. About 0.25 µs for a browser's request. Any thread; the call touches nothing but its arguments.
///
/// Everything that two implementations might read differently is refused: bare CR or LF, obs-fold, blanks
/// before a colon, more than one Content-Length (even if equal), Content-Length beside Transfer-Encoding,
/// Transfer-Encoding in HTTP/1.0 or not ending in `chunked`, more than one Host, CONNECT with content (some
/// read what follows its head as the tunnel's, some as content; it has none by RFC 9110 9.3.6). Lines end in
/// CRLF, the parts of the request line have one SP between them. Up to four empty lines before a request are
/// skipped (2.2). Codings other than chunked alone: 501. Major versions other than 1: 505. Methods above 32
/// bytes: 501.
head_result parse_request_head(std::string_view input, head_progress& progress, request_head& head,
                               const head_limits& limits = {}) noexcept;

/// The same for a head that is there in one piece or is parsed from the start each time.
head_result parse_request_head(std::string_view input, request_head& head,
                               const head_limits& limits = {}) noexcept;

/// Makes the views of a complete head point into `to`, to where its bytes were copied from `from`, and its
/// fields stand in `storage`, to which they are copied. `from` may be gone already. O(fields).
/// `storage` holds at least header_count entries.
void rebase(request_head& head, const char* from, const char* to, std::span<header_field> storage) noexcept;

} // namespace perron::httpd::http1
