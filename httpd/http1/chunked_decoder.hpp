// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perron::httpd::http1 {

/// What one step of a chunked_decoder found.
enum class chunk_outcome : std::uint8_t {
  need_more, ///< all of the input is consumed; give the bytes that come next
  content,   ///< `content` is the next piece of the body
  last,      ///< the last chunk is over; the trailer section begins behind what was consumed
  bad,       ///< no chunked body; nothing behind it can be trusted: answer 400 and close
};

struct chunk_step {
  chunk_outcome outcome = chunk_outcome::need_more;
  std::size_t consumed = 0;   ///< bytes of the input, the content included; of bad: where the fault is
  std::string_view content{}; ///< of content: a view into the input, not empty
  const char* what = "";      ///< of bad: what is wrong, lives as long as the program
};

/// Takes the framing off a chunked body (RFC 9112 7.1), without copying, allocating or looking back: the
/// input may come in pieces of any size, and the same bytes give the same content however they are cut. What
/// comes behind the last chunk is for trailer_section.
///
///     while ((step = decoder.next(input)).outcome == chunk_outcome::content) {
///       use(step.content);
///       input.remove_prefix(step.consumed);
///     }
///
/// Strict: lines end in CRLF; sizes are 1 to 16 hexadecimal digits with nothing before them; blanks stand
/// only where the grammar has them (BWS around ';' and '='), not before the CRLF; extensions have the syntax
/// of 7.1.1, quoted strings included, and are ignored. All of them together may have `max_extension_bytes` in
/// one body, since a peer could send nothing else for ever. 24 bytes; for one thread at a time.
class chunked_decoder {
public:
  static constexpr std::uint32_t max_extension_bytes = 16 * 1024;

  /// One step. After `last` or `bad` there is no next one.
  chunk_step next(std::string_view input) noexcept;

private:
  enum class state : std::uint8_t {
    size_begin,
    size,
    size_blank, ///< blanks behind a size: only ';' may follow
    extension,  ///< behind ';'
    name,
    name_blank, ///< only ';' or '=' may follow
    value,      ///< behind '='
    token,
    quoted,
    escaped,
    value_end,
    value_blank, ///< only ';' may follow
    line_feed,
    content,
    content_cr,
    content_lf,
  };

  const char* digest(char c) noexcept;
  const char* digest_size(char c) noexcept;
  const char* end_of_part(char c, state blank) noexcept;

  std::uint64_t left_ = 0; ///< of the chunk's content; while its size is read, that size so far
  std::uint32_t extension_bytes_ = 0;
  std::uint8_t digits_ = 0;
  state state_ = state::size_begin;
};

} // namespace perron::httpd::http1
