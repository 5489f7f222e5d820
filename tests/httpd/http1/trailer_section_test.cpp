// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/trailer_section.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace perron::httpd::http1 {
namespace {

struct parsed {
  trailer_result result{};
  std::string fields{};
};

parsed parse(std::string_view input, const head_limits& limits = {}) {
  std::array<header_field, 100> storage;
  parsed out{parse_trailer_section(input, storage, limits)};
  for (std::size_t i = 0; i < out.result.count; ++i)
    out.fields += std::string(storage[i].name) + '=' + std::string(storage[i].value) + ';';
  return out;
}

TEST(trailer_section_test, rfc9112_7_1_2_fields_and_an_empty_line) {
  const parsed none = parse("\r\nGET");
  EXPECT_EQ(none.result.outcome, head_outcome::complete);
  EXPECT_EQ(none.result.consumed, 2U);
  const parsed two = parse("X-A: 1\r\nx-b:\t two words \t\r\nX-C:\r\n\r\nGET");
  EXPECT_EQ(two.result.outcome, head_outcome::complete);
  EXPECT_EQ(two.fields, "X-A=1;x-b=two words;X-C=;");
  EXPECT_EQ(two.result.consumed, 35U);
}

TEST(trailer_section_test, waits_for_the_empty_line) {
  const std::string_view all = "X-A: 1\r\nX-B: 2\r\n\r\n";
  for (std::size_t size = 0; size < all.size(); ++size)
    EXPECT_EQ(parse(all.substr(0, size)).result.outcome, head_outcome::need_more) << size;
  EXPECT_EQ(parse(all).result.outcome, head_outcome::complete);
}

TEST(trailer_section_test, has_the_strict_lines_of_a_head) {
  for (const char* bad : {"X: 1\n\r\n", "X: 1\r\r\n", "X : 1\r\n\r\n", " X: 1\r\n\r\n", "\tX: 1\r\n\r\n",
                          "X\r\n\r\n", ": 1\r\n\r\n", "X@: 1\r\n\r\n", "X: 1\r\n 2\r\n\r\n",
                          "X: \x01\r\n\r\n", "X: \x7f\r\n\r\n", "\n", "\rX"}) {
    const parsed p = parse(bad);
    EXPECT_EQ(p.result.outcome, head_outcome::bad) << bad;
    EXPECT_EQ(p.result.status, 400) << bad;
    EXPECT_STRNE(p.result.what, "") << bad;
  }
}

TEST(trailer_section_test, rfc9110_6_5_1_refuses_fields_that_frame_or_route) {
  for (const char* name : {"Content-Length", "transfer-encoding", "HOST", "Connection", "Trailer", "TE",
                           "Upgrade", "Expect", "Content-Type", "Content-Encoding", "Content-Range"})
    EXPECT_EQ(parse(std::string(name) + ": x\r\n\r\n").result.status, 400) << name;
  EXPECT_EQ(parse("Content-Digest: x\r\n\r\n").result.outcome, head_outcome::complete);
}

TEST(trailer_section_test, has_the_limits_of_a_head) {
  head_limits limits;
  limits.max_head_bytes = 20;
  EXPECT_EQ(parse("X: 4567890123456\r\n\r\n", limits).result.outcome, head_outcome::complete);
  EXPECT_EQ(parse("X: 45678901234567\r\n\r\n", limits).result.status, 431);
  EXPECT_EQ(parse("X: 45678901234567890", limits).result.status, 431);
  limits = {};
  limits.max_headers = 1;
  EXPECT_EQ(parse("X: 1\r\n\r\n", limits).result.outcome, head_outcome::complete);
  EXPECT_EQ(parse("X: 1\r\nX: 2\r\n\r\n", limits).result.status, 431);
}

} // namespace
} // namespace perron::httpd::http1
