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

constexpr std::size_t max_ranges = 16;

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

/// The one span that all of them cover without a gap; nothing if there is a gap.
std::optional<span_of_bytes> joined(std::span<span_of_bytes> spans) noexcept {
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  span_of_bytes all = spans.front();
  for (const auto& next : spans) {
    if (next.begin > all.end)
      return std::nullopt;
    all.end = std::max(all.end, next.end);
  }
  return all;
}

bool if_range_holds(std::string_view field, const validators& current, http_time now) noexcept {
  if (field.starts_with('"') || field.starts_with("W/"))
    return equal_strongly(field, current.etag);
  const auto date = parse_http_date(field, now);
  return date && current.last_modified && *date == *current.last_modified &&
         *current.last_modified + std::chrono::seconds(1) <= now;
}

} // namespace

byte_range parse_range(std::string_view field, std::uint64_t size) noexcept {
  const auto equals = field.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(field.substr(0, equals), "bytes"))
    return {};
  std::array<span_of_bytes, max_ranges> spans;
  std::size_t count = 0;
  std::size_t asked = 0;
  bool malformed = false;
  bool nothing_is_enough = false; // a suffix of an empty representation is satisfiable (14.1.2)
  each_list_element(field.substr(equals + 1), [&](std::string_view spec) {
    const auto one = parse_spec(spec, size);
    malformed = !one || ++asked > max_ranges;
    if (malformed)
      return false;
    if (one->begin < one->end)
      spans[count++] = *one;
    nothing_is_enough = nothing_is_enough ||
                        (size == 0 && spec.front() == '-' && parse_position(spec.substr(1)).value_or(0) > 0);
    return true;
  });
  if (malformed || asked == 0)
    return {};
  if (count == 0) // no Content-Range can name the part of nothing
    return {nothing_is_enough ? range_outcome::whole : range_outcome::unsatisfiable, 0, 0};
  const auto all = joined({spans.data(), count});
  if (!all)
    return {};
  return {range_outcome::part, all->begin, all->end - all->begin};
}

byte_range choose_range(header_view headers, std::string_view method, std::uint64_t size,
                        const validators& current, http_time now) noexcept {
  const auto field = headers.find("Range");
  if (!field || method != "GET" || headers.count("Range") != 1)
    return {};
  if (const auto condition = headers.find("If-Range"); condition && !if_range_holds(*condition, current, now))
    return {};
  return parse_range(*field, size);
}

std::string to_content_range(const byte_range& range, std::uint64_t size) {
  if (range.outcome != range_outcome::part)
    return "bytes */" + std::to_string(size);
  return "bytes " + std::to_string(range.first) + '-' + std::to_string(range.first + range.length - 1) + '/' +
         std::to_string(size);
}

} // namespace perron::httpd
