// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/conditional.hpp>
#include <perron/httpd/headers.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace perron::httpd {

enum class range_outcome : std::uint8_t {
  whole,         ///< 200 with everything: no range was asked for, or one that is not served
  part,          ///< 206 with the bytes named
  unsatisfiable, ///< 416: nothing of what was asked for is there
};

/// Which bytes to send.
struct byte_range {
  range_outcome outcome = range_outcome::whole;
  std::uint64_t first = 0;
  std::uint64_t length = 0; ///< of part: at least 1
};

/// Most ranges that a request may name. A field with more is ignored, as 14.2 allows and 17.15 advises.
inline constexpr std::size_t max_ranges = 16;

/// A piece of what there is; never empty.
struct byte_span {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

/// Which pieces to send.
struct byte_ranges {
  range_outcome outcome = range_outcome::whole;
  std::size_t count = 0; ///< of part: how many; with one the answer is no multipart (15.3.7)
  std::array<byte_span, max_ranges> spans{};

  const byte_span* begin() const noexcept { return spans.data(); }
  const byte_span* end() const noexcept { return spans.data() + count; }
};

/// What a Range field asks of `size` bytes (RFC 9110 14.1.2, 14.2). Ranges that overlap, touch, or have a gap
/// between them that costs less than a part of its own are one (15.3.7.2), so that no byte is sent twice,
/// however many ranges a flood of them names; the rest stay in the order of the field. More than max_ranges,
/// other units than bytes and what is no range: whole. Pure; allocates nothing.
byte_ranges parse_ranges(std::string_view field, std::uint64_t size) noexcept;

/// The same for a request: only for GET, and only if If-Range, where there is one, names the current state
/// (13.1.5): an entity tag that is strongly equal, or exactly the Last-Modified, a second old or more. To be
/// asked after the preconditions (13.2.2).
byte_ranges choose_ranges(header_view headers, std::string_view method, std::uint64_t size,
                          const validators& current, http_time now) noexcept;

/// Both for who sends no multipart/byteranges: several ranges are one where they touch or overlap; where they
/// leave gaps the answer is the whole, as 14.2 allows.
byte_range parse_range(std::string_view field, std::uint64_t size) noexcept;
byte_range choose_range(header_view headers, std::string_view method, std::uint64_t size,
                        const validators& current, http_time now) noexcept;

/// The value of Content-Range (14.4): "bytes 0-99/1234", or "bytes */1234" for an unsatisfiable one.
std::string to_content_range(const byte_range& range, std::uint64_t size);
std::string to_content_range(const byte_span& span, std::uint64_t size);

} // namespace perron::httpd
