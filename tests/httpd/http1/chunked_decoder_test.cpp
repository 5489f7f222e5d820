// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/chunked_decoder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace perron::httpd::http1 {
namespace {

struct decoded {
  std::string content{};
  chunk_outcome end = chunk_outcome::need_more;
  std::size_t consumed = 0; ///< in all
  std::string what{};
};

/// Feeds `input` in pieces of `step` bytes.
decoded decode(std::string_view input, std::size_t step = std::string_view::npos) {
  decoded out;
  chunked_decoder decoder;
  for (std::size_t at = 0; at < input.size(); at += step < input.size() ? step : input.size()) {
    std::string_view piece = input.substr(at, step);
    while (!piece.empty()) {
      const chunk_step found = decoder.next(piece);
      out.content += found.content;
      out.end = found.outcome;
      out.consumed += found.consumed;
      out.what = found.what;
      if (found.outcome == chunk_outcome::last || found.outcome == chunk_outcome::bad)
        return out;
      if (found.consumed == 0) {
        ADD_FAILURE() << "it does not get on at " << out.consumed;
        return out;
      }
      piece.remove_prefix(found.consumed);
    }
  }
  return out;
}

void expect_content(std::string_view input, std::string_view content) {
  for (const std::size_t step : {std::string_view::npos, std::size_t(1), std::size_t(2), std::size_t(3)}) {
    const decoded d = decode(input, step);
    EXPECT_EQ(d.end, chunk_outcome::last) << input << ": " << d.what;
    EXPECT_EQ(d.content, content) << input;
    EXPECT_EQ(d.consumed, input.size()) << input;
  }
}

void expect_bad(std::string_view input, std::string_view what) {
  for (const std::size_t step : {std::string_view::npos, std::size_t(1)}) {
    const decoded d = decode(input, step);
    EXPECT_EQ(d.end, chunk_outcome::bad) << input;
    EXPECT_EQ(d.what, what) << input;
  }
}

TEST(chunked_decoder_test, rfc9112_7_1_chunks_until_one_of_size_zero) {
  expect_content("0\r\n", "");
  expect_content("3\r\nabc\r\n0\r\n", "abc");
  expect_content("3\r\nabc\r\n1\r\n\n\r\nA\r\n0123456789\r\n00\r\n", "abc\n0123456789");
  expect_content("000f\r\n0123456789abcde\r\n0\r\n", "0123456789abcde");
}

TEST(chunked_decoder_test, rfc9112_7_1_sizes_are_hexadecimal_of_either_case) {
  expect_content("aB\r\n" + std::string(0xab, 'x') + "\r\n0\r\n", std::string(0xab, 'x'));
}

TEST(chunked_decoder_test, stops_behind_the_last_chunk) {
  const decoded d = decode("1\r\na\r\n0\r\nX: y\r\n\r\n");
  EXPECT_EQ(d.end, chunk_outcome::last);
  EXPECT_EQ(d.consumed, 9U);
}

TEST(chunked_decoder_test, content_points_into_the_input) {
  const std::string_view input = "3\r\nabc\r\n0\r\n";
  chunked_decoder decoder;
  const chunk_step step = decoder.next(input);
  EXPECT_EQ(step.content.data(), input.data() + 3);
  EXPECT_EQ(step.consumed, 6U);
}

TEST(chunked_decoder_test, rfc9112_7_1_1_ignores_extensions) {
  for (const char* extension :
       {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"b;\\\"c\\\\\"", ";a;b=c;d", " ; a = b",
        "\t;\ta\t=\t\"x y\" ;b", ";!#$%&'*+-.^_`|~9=z", ";a=\"\x80\xff\t\""})
    expect_content("3" + std::string(extension) + "\r\nabc\r\n0" + extension + "\r\n", "abc");
}

TEST(chunked_decoder_test, rfc9112_7_1_1_refuses_extensions_without_its_syntax) {
  expect_bad("3;\r\n", "chunk extension without a name");
  expect_bad("3;=b\r\n", "chunk extension without a name");
  expect_bad("3;a=\r\n", "chunk extension without a value");
  expect_bad("3;a=;b\r\n", "chunk extension without a value");
  expect_bad("3;a b\r\n", "blank behind a chunk extension");
  expect_bad("3;a \r\n", "blank behind a chunk extension");
  expect_bad("3;a=b \r\n", "blank behind a chunk extension");
  expect_bad("3;a=b=c\r\n", "character that no chunk size or extension has");
  expect_bad("3;a=\"b\"c\r\n", "character that no chunk size or extension has");
  expect_bad("3;a,b\r\n", "character that no chunk size or extension has");
  expect_bad("3;a\n", "bare LF");
  expect_bad("3;a=\"b\r\n", "control character in a quoted string");
  expect_bad("3;a=\"\\\r\n", "control character in a quoted string");
  expect_bad(std::string_view("3;a=\"\0\"", 7), "control character in a quoted string");
}

TEST(chunked_decoder_test, rfc9112_7_1_1_bounds_extensions_over_the_whole_body) {
  std::string body;
  for (int i = 0; i < 100; ++i)
    body += "1;" + std::string(162, 'x') + "\r\na\r\n";
  EXPECT_EQ(decode(body).end, chunk_outcome::need_more);
  EXPECT_EQ(decode(body + "1;" + std::string(200, 'x')).what, "too many bytes of chunk extensions");
  expect_bad("1;" + std::string(20'000, 'x'), "too many bytes of chunk extensions");
  expect_bad("1" + std::string(20'000, ' '), "too many bytes of chunk extensions");
}

TEST(chunked_decoder_test, rfc9112_7_1_refuses_sizes_that_overflow) {
  EXPECT_EQ(decode("ffffffffffffffff\r\nabc").content, "abc");
  expect_bad("10000000000000000\r\n", "chunk size has too many digits");
  expect_bad("00000000000000003\r\nabc", "chunk size has too many digits");
}

TEST(chunked_decoder_test, refuses_sizes_that_others_may_read_differently) {
  expect_bad("\r\n", "chunk size is missing");
  expect_bad(" 3\r\n", "chunk size is missing");
  expect_bad("+3\r\n", "chunk size is missing");
  expect_bad("-3\r\n", "chunk size is missing");
  expect_bad(";a\r\n", "chunk size is missing");
  expect_bad("g\r\n", "chunk size is missing");
  expect_bad("0x3\r\n", "character that no chunk size or extension has");
  expect_bad("3_0\r\n", "character that no chunk size or extension has");
  expect_bad("3,3\r\n", "character that no chunk size or extension has");
  expect_bad("3 \r\n", "blank behind a chunk size");
  expect_bad("3 3\r\n", "blank behind a chunk size");
  expect_bad(std::string_view("3\0\r\n", 4), "character that no chunk size or extension has");
}

TEST(chunked_decoder_test, rfc9112_2_2_lines_end_in_crlf) {
  expect_bad("3\nabc\n", "bare LF");
  expect_bad("3\rabc", "bare CR");
  expect_bad("3\r\rabc", "bare CR");
  expect_bad("3\r\nabc\n0\r\n", "chunk is longer than its size says");
  expect_bad("3\r\nabc\r0\r\n", "bare CR");
  expect_bad("3\r\nabcd\r\n", "chunk is longer than its size says");
  expect_bad("3\r\nabc\r\n\r\n", "chunk size is missing");
}

} // namespace
} // namespace perron::httpd::http1
