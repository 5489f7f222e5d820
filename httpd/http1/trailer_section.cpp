// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/trailer_section.hpp>

#include <perron/httpd/http1/characters.hpp>
#include <perron/httpd/status.hpp>

#include <algorithm>
#include <array>

namespace perron::httpd::http1 {

namespace {

using httpd::detail::is_blank;

constexpr std::array<std::string_view, 13> refused{"content-length",
                                                   "transfer-encoding",
                                                   "host",
                                                   "connection",
                                                   "keep-alive",
                                                   "proxy-connection",
                                                   "te",
                                                   "trailer",
                                                   "upgrade",
                                                   "expect",
                                                   "content-encoding",
                                                   "content-type",
                                                   "content-range"};

} // namespace

bool may_be_trailer(std::string_view name) noexcept {
  return std::none_of(refused.begin(), refused.end(),
                      [&](std::string_view no) { return equal_ignoring_case(no, name); });
}

trailer_result parse_trailer_section(std::string_view input, std::span<header_field> storage,
                                     const head_limits& limits) noexcept {
  const auto bad = [](int status, const char* what) {
    return trailer_result{.outcome = head_outcome::bad, .status = status, .what = what};
  };
  const char* const begin = input.data();
  const char* const bound = begin + std::min<std::size_t>(input.size(), limits.max_head_bytes);
  const std::size_t max_fields = std::min<std::size_t>(storage.size(), limits.max_headers);
  std::size_t count = 0;
  for (const char* line = begin;;) {
    const char* name_end = detail::find_token_end(line, bound, begin);
    const char* end = detail::find_control(name_end, bound, begin);
    if (bound - end < 2 && (end == bound || *end == '\r')) {
      if (static_cast<std::size_t>(bound - begin) == limits.max_head_bytes)
        return bad(status::header_fields_too_large, "trailer section is too large");
      return {};
    }
    if (*end != '\r' || end[1] != '\n')
      return bad(status::bad_request, *end == '\r'   ? "bare CR"
                                      : *end == '\n' ? "bare LF"
                                                     : "control character");
    if (end == line)
      return {.outcome = head_outcome::complete,
              .consumed = static_cast<std::size_t>(end + 2 - begin),
              .count = count};
    if (name_end == line || *name_end != ':')
      return bad(status::bad_request, name_end == line && is_blank(*line)
                                          ? "line begins with a blank (obs-fold)"
                                          : "trailer line that is no field");
    const std::string_view name(line, static_cast<std::size_t>(name_end - line));
    if (!may_be_trailer(name))
      return bad(status::bad_request, "field that must not be a trailer");
    if (count == max_fields)
      return bad(status::header_fields_too_large, "too many trailers");
    storage[count++] = {
        name, httpd::detail::trim_blanks({name_end + 1, static_cast<std::size_t>(end - name_end - 1)})};
    line = end + 2;
  }
}

} // namespace perron::httpd::http1
