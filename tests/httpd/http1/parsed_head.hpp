// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/http1/request_head.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace perron::tests {

/// A copy that ends where its memory ends, so that AddressSanitizer sees a read behind it.
class exact_copy {
public:
  explicit exact_copy(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::copy(text.begin(), text.end(), bytes_.get());
  }

  std::string_view view() const { return {bytes_.get(), size_}; }

private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

inline bool same_result(const httpd::http1::head_result& a, const httpd::http1::head_result& b) {
  return a.outcome == b.outcome && a.status == b.status && a.consumed == b.consumed && a.offset == b.offset &&
         std::string_view(a.what) == b.what;
}

inline bool same_head(const httpd::http1::request_head& a, const httpd::http1::request_head& b) {
  const auto same_field = [](const httpd::header_field& x, const httpd::header_field& y) {
    return x.name == y.name && x.value == y.value;
  };
  const auto fields_a = a.headers();
  const auto fields_b = b.headers();
  return a.method == b.method && a.target == b.target && a.path_and_query == b.path_and_query &&
         a.host == b.host && a.content_length == b.content_length && a.minor_version == b.minor_version &&
         a.form == b.form && a.chunked == b.chunked && a.keep_alive == b.keep_alive &&
         a.connection_upgrade == b.connection_upgrade && a.expect_continue == b.expect_continue &&
         a.expect_unknown == b.expect_unknown &&
         std::equal(fields_a.begin(), fields_a.end(), fields_b.begin(), fields_b.end(), same_field);
}

/// A head parsed in one piece.
struct parsed_head {
  explicit parsed_head(std::string_view text, const httpd::http1::head_limits& limits = {})
      : input(text), head(fields), result(httpd::http1::parse_request_head(input.view(), head, limits)) {}

  parsed_head(const parsed_head&) = delete;
  parsed_head& operator=(const parsed_head&) = delete;

  bool is_complete() const { return result.outcome == httpd::http1::head_outcome::complete; }
  bool needs_more() const { return result.outcome == httpd::http1::head_outcome::need_more; }
  bool is_bad() const { return result.outcome == httpd::http1::head_outcome::bad; }

  exact_copy input;
  std::array<httpd::header_field, 128> fields;
  httpd::http1::request_head head;
  httpd::http1::head_result result;
};

/// Feeds `text` in pieces of `step` bytes, each time in another buffer, and compares every outcome with that
/// of the same bytes in one piece. Returns the size of the first input that shows a difference, or 0.
inline std::size_t find_split_difference(std::string_view text, std::size_t step,
                                         const httpd::http1::head_limits& limits = {}) {
  httpd::http1::head_progress progress;
  std::array<httpd::header_field, 128> fields;
  httpd::http1::request_head head(fields);
  for (std::size_t size = std::min(step, text.size());; size = std::min(size + step, text.size())) {
    const exact_copy piece(text.substr(0, size));
    const auto result = httpd::http1::parse_request_head(piece.view(), progress, head, limits);
    const parsed_head whole(text.substr(0, size), limits);
    if (!same_result(result, whole.result) || (whole.is_complete() && !same_head(head, whole.head)))
      return std::max<std::size_t>(size, 1);
    if (!whole.needs_more() || size == text.size())
      return 0;
  }
}

} // namespace perron::tests
