// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/range.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>

namespace perron::httpd {

namespace {

/// About what a part of a multipart costs beside its bytes: boundary, Content-Type, Content-Range.
constexpr std::uint64_t cost_of_part = 128;

/// Half open, of what is there.
struct span_of_bytes {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// All decimal digits, at least one; what does not fit is as large as can be.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty())
    return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9')
      return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

/// One range-spec; nothing if it is malformed, an empty span if it is not satisfiable.
std::optional<span_of_bytes> parse_spec(std::string_view spec, std::uint64_t size) noexcept {
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos)
    return std::nullopt;
  const auto last_text = spec.substr(dash + 1);
  if (dash == 0) {
    const auto suffix = parse_position(last_text);
    if (!suffix)
      return std::nullopt;
    return span_of_bytes{size - std::min(*suffix, size), size};
  }
  const auto first = parse_position(spec.substr(0, dash));
  const auto last = last_text.empty() ? std::optional(std::numeric_limits<std::uint64_t>::max())
                                      : parse_position(last_text);
  if (!first || !last || *last < *first)
    return std::nullopt;
  if (*first >= size)
    return span_of_bytes{};
  return span_of_bytes{*first, std::min(*last, size - 1) + 1};
}

/// The ranges of a field, as far as they are there.
struct asked_ranges {
  range_outcome outcome = range_outcome::whole;
  std::size_t count = 0;
  std::array<span_of_bytes, max_ranges> spans;
};

asked_ranges parse_field(std::string_view field, std::uint64_t size) noexcept {
  asked_ranges asked;
  const auto equals = field.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(field.substr(0, equals), "bytes"))
    return asked;
  std::size_t named = 0;
  bool malformed = false;
  bool nothing_is_enough = false; // a suffix of an empty representation is satisfiable (14.1.2)
  each_list_element(field.substr(equals + 1), [&](std::string_view spec) {
    const auto one = parse_spec(spec, size);
    malformed = !one || ++named > max_ranges;
    if (malformed)
      return false;
    if (one->begin < one->end)
      asked.spans[asked.count++] = *one;
    nothing_is_enough = nothing_is_enough ||
                        (size == 0 && spec.front() == '-' && parse_position(spec.substr(1)).value_or(0) > 0);
    return true;
  });
  if (malformed || named == 0)
    return asked;
  if (asked.count != 0)
    asked.outcome = range_outcome::part;
  else if (!nothing_is_enough) // no Content-Range can name the part of nothing
    asked.outcome = range_outcome::unsatisfiable;
  return asked;
}

/// Makes one of each two spans with less than `gap` between them. Those that stay are in their old order,
/// each where the first of its parts was; gives their number.
std::size_t join(std::span<span_of_bytes> spans, std::uint64_t gap) noexcept {
  std::size_t kept = 0;
  for (span_of_bytes next : spans) {
    std::size_t place = kept;
    for (std::size_t i = 0; i < kept;) { // what it joins may now reach further ones
      const bool apart = next.begin > spans[i].end
                             ? next.begin - spans[i].end >= gap
                             : spans[i].begin > next.end && spans[i].begin - next.end >= gap;
      if (apart) {
        ++i;
        continue;
      }
      next = {std::min(next.begin, spans[i].begin), std::max(next.end, spans[i].end)};
      place = std::min(place, i);
      std::copy(spans.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                spans.begin() + static_cast<std::ptrdiff_t>(kept),
                spans.begin() + static_cast<std::ptrdiff_t>(i));
      --kept;
      i = 0;
    }
    std::copy_backward(spans.begin() + static_cast<std::ptrdiff_t>(place),
                       spans.begin() + static_cast<std::ptrdiff_t>(kept),
                       spans.begin() + static_cast<std::ptrdiff_t>(kept) + 1);
    spans[place] = next;
    ++kept;
  }
  return kept;
}

bool if_range_holds(std::string_view field, const validators& current, http_time now) noexcept {
  if (field.starts_with('"') || field.starts_with("W/"))
    return equal_strongly(field, current.etag);
  const auto date = parse_http_date(field, now);
  return date && current.last_modified && *date == *current.last_modified &&
         *current.last_modified + std::chrono::seconds(1) <= now;
}

} // namespace

byte_ranges parse_ranges(std::string_view field, std::uint64_t size) noexcept {
  asked_ranges asked = parse_field(field, size);
  byte_ranges out;
  out.outcome = asked.outcome;
  if (asked.outcome != range_outcome::part)
    return out;
  out.count = join({asked.spans.data(), asked.count}, cost_of_part);
  for (std::size_t i = 0; i < out.count; ++i)
    out.spans[i] = {asked.spans[i].begin, asked.spans[i].end - asked.spans[i].begin};
  return out;
}

byte_range parse_range(std::string_view field, std::uint64_t size) noexcept {
  asked_ranges asked = parse_field(field, size);
  if (asked.outcome != range_outcome::part)
    return {asked.outcome, 0, 0};
  if (join({asked.spans.data(), asked.count}, 1) != 1)
    return {};
  return {range_outcome::part, asked.spans[0].begin, asked.spans[0].end - asked.spans[0].begin};
}

namespace {

/// The Range field to be heeded; nothing: none.
std::optional<std::string_view> heeded_field(header_view headers, std::string_view method,
                                             const validators& current, http_time now) noexcept {
  const auto field = headers.find("Range");
  if (!field || method != "GET" || headers.count("Range") != 1)
    return std::nullopt;
  if (const auto condition = headers.find("If-Range"); condition && !if_range_holds(*condition, current, now))
    return std::nullopt;
  return field;
}

} // namespace

byte_ranges choose_ranges(header_view headers, std::string_view method, std::uint64_t size,
                          const validators& current, http_time now) noexcept {
  const auto field = heeded_field(headers, method, current, now);
  return field ? parse_ranges(*field, size) : byte_ranges();
}

byte_range choose_range(header_view headers, std::string_view method, std::uint64_t size,
                        const validators& current, http_time now) noexcept {
  const auto field = heeded_field(headers, method, current, now);
  return field ? parse_range(*field, size) : byte_range();
}

std::string to_content_range(const byte_span& span, std::uint64_t size) {
  return "bytes " + std::to_string(span.first) + '-' + std::to_string(span.first + span.length - 1) + '/' +
         std::to_string(size);
}

std::string to_content_range(const byte_range& range, std::uint64_t size) {
  if (range.outcome != range_outcome::part)
    return "bytes */" + std::to_string(size);
  return to_content_range(byte_span{range.first, range.length}, size);
}

} // namespace perron::httpd
