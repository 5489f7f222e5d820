// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/accept.hpp>
#include <perron/httpd/conditional.hpp>
#include <perron/httpd/http_date.hpp>
#include <perron/httpd/media_type.hpp>
#include <perron/httpd/range.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

void require(bool holds) {
  if (!holds)
    std::abort();
}

constexpr std::array<std::string_view, 3> types{"text/html", "text/html;level=1", "application/json"};
constexpr std::array<std::string_view, 3> languages{"en", "en-GB", "de"};
constexpr std::array<std::string_view, 2> codings{"br", "gzip"};

bool is_one(offers of, std::optional<std::string_view> which) {
  return !which || std::find(of.begin(), of.end(), *which) != of.end();
}

/// Parts are there, and no two of them touch.
void check_parts(const byte_ranges& parts, std::uint64_t size) {
  require((parts.outcome == range_outcome::part) == (parts.count != 0));
  for (const auto& one : parts) {
    require(one.length > 0 && one.first < size && one.length <= size - one.first);
    for (const auto& other : parts)
      require(&one == &other || one.first > other.first + (other.length - 1) + 1 ||
              other.first > one.first + (one.length - 1) + 1);
  }
}

void check_range(std::string_view field) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX}) {
    const auto range = parse_range(field, size);
    if (range.outcome == range_outcome::part)
      require(range.length > 0 && range.first < size && range.length <= size - range.first);
    else
      require(range.first == 0 && range.length == 0);
    check_parts(parse_ranges(field, size), size);
  }
}

} // namespace

/// The input is the value of every field that negotiates or selects.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::array<header_field, 6> fields{
      header_field{"Accept", text},          header_field{"Accept-Language", text},
      header_field{"Accept-Encoding", text}, header_field{"If-None-Match", text},
      header_field{"If-Range", text},        header_field{"Range", text}};
  const header_view headers(fields);
  require(is_one(types, best_type(headers, types)));
  require(is_one(languages, best_language(headers, languages)));
  const auto coding = best_encoding(headers, codings);
  require(is_one(codings, coding) || coding == "identity");

  const http_time now{std::chrono::seconds(1'800'000'000)};
  if (const auto when = parse_http_date(text, now))
    require(parse_http_date(to_http_date(*when), now) == when);
  const validators current{.etag = "\"a\"", .last_modified = now};
  require(check_preconditions(headers, "PUT", current, now) != precondition::not_modified);
  static_cast<void>(choose_range(headers, "GET", 1000, current, now));
  check_range(text);
  check_range("bytes=" + text);

  if (const auto type = parse_media_type(text)) {
    require(!type->type.empty() && !type->subtype.empty());
    type->parameters.each([&](const parameter& p) {
      require(type->parameters.find(p.name).has_value());
      return true;
    });
  }
  return 0;
}
