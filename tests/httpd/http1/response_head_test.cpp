// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http1/response_head.hpp>

#include <perron/httpd/status.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;
using namespace perron::httpd::http1;

constexpr std::string_view some_date = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string written(const response_head& head) {
  std::vector<char> buffer(4096);
  const auto result = write_response_head(head, buffer);
  EXPECT_EQ(result.outcome, write_outcome::written) << result.what;
  return {buffer.data(), result.size};
}

write_result refused(const response_head& head) {
  std::array<char, 4096> buffer;
  buffer.fill('~');
  const auto result = write_response_head(head, buffer);
  EXPECT_EQ(result.outcome, write_outcome::refused);
  EXPECT_EQ(result.size, 0U);
  EXPECT_EQ(buffer[0], '~');
  return result;
}

response_head with_status(int status) {
  response_head head;
  head.status = status;
  return head;
}

TEST(response_head, writes_all_parts_in_order) {
  const std::array<header_field, 2> fields{{{"Content-Type", "text/plain"}, {"X-Empty", ""}}};
  response_head head;
  head.date = some_date;
  head.content_length = 13;
  head.connection = connection_option::close;
  head.fields = fields;
  EXPECT_EQ(written(head), "HTTP/1.1 200 OK\r\n"
                           "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                           "Content-Length: 13\r\n"
                           "Connection: close\r\n"
                           "Content-Type: text/plain\r\n"
                           "X-Empty: \r\n"
                           "\r\n");
}

TEST(response_head, writes_the_least) { EXPECT_EQ(written({}), "HTTP/1.1 200 OK\r\n\r\n"); }

TEST(response_head, needs_exactly_the_size_it_says) {
  const std::array<header_field, 1> fields{{{"A", "b"}}};
  response_head head;
  head.date = some_date;
  head.content_length = std::numeric_limits<std::uint64_t>::max();
  head.fields = fields;
  const auto whole = written(head);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::vector<char> buffer(size, '~');
    const auto result = write_response_head(head, buffer);
    ASSERT_EQ(result.outcome, write_outcome::too_small);
    EXPECT_EQ(result.size, whole.size());
    EXPECT_EQ(std::string(buffer.begin(), buffer.end()), std::string(size, '~'));
  }
  std::vector<char> buffer(whole.size());
  EXPECT_EQ(write_response_head(head, buffer).outcome, write_outcome::written);
  EXPECT_NE(whole.find("Content-Length: 18446744073709551615\r\n"), std::string::npos);
}

TEST(response_head, says_upgrade_and_keep_alive) {
  auto head = with_status(101);
  head.connection = connection_option::upgrade;
  EXPECT_EQ(written(head), "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n");
  head = with_status(204);
  head.connection = connection_option::keep_alive;
  EXPECT_EQ(written(head), "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
}

TEST(rfc9112_4, status_without_a_phrase_keeps_the_space_before_it) {
  EXPECT_EQ(written(with_status(299)), "HTTP/1.1 299 \r\n\r\n");
  EXPECT_EQ(written(with_status(599)), "HTTP/1.1 599 \r\n\r\n");
}

TEST(rfc9112_4, status_has_three_digits) {
  for (const int status : {-1, 0, 99, 600, 1000})
    EXPECT_STREQ(refused(with_status(status)).what, "status is not 100 to 599") << status;
}

TEST(rfc9110_8_6, no_content_length_in_1xx_and_204) {
  for (const int status : {100, 103, 204}) {
    auto head = with_status(status);
    head.content_length = 5;
    EXPECT_EQ(written(head).find("Content-Length"), std::string::npos) << status;
  }
}

TEST(rfc9110_8_6, content_length_in_304_is_that_of_the_200) {
  auto head = with_status(304);
  head.content_length = 5;
  EXPECT_EQ(written(head), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
}

TEST(rfc9112_6_1, chunked_is_written_and_never_beside_a_length) {
  response_head head;
  head.chunked = true;
  EXPECT_EQ(written(head), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  head.content_length = 0;
  EXPECT_STREQ(refused(head).what, "both chunked and a Content-Length");
}

TEST(rfc9112_6_1, no_chunked_in_responses_without_content) {
  for (const int status : {101, 204, 304}) {
    auto head = with_status(status);
    head.chunked = true;
    EXPECT_STREQ(refused(head).what, "chunked with a status that has no content") << status;
  }
}

TEST(rfc9112_11_1, control_characters_in_values_are_refused) {
  for (int c = 0; c < 256; ++c)
    for (const std::size_t before : {1, 15, 16, 20}) {
      const auto value = std::string(before, 'v') + static_cast<char>(c) + "v";
      const std::array<header_field, 2> fields{{{"A", "b"}, {"X", value}}};
      response_head head;
      head.fields = fields;
      if ((c < 0x20 && c != '\t') || c == 0x7f) {
        const auto result = refused(head);
        EXPECT_STREQ(result.what, "field value has a control character");
        EXPECT_EQ(result.field, 1U);
      } else {
        EXPECT_NE(written(head).find(value), std::string::npos);
      }
    }
}

TEST(rfc9112_11_1, names_that_are_no_tokens_are_refused) {
  for (const std::string_view name :
       {"", "a b", "a:", "a\r\nb", "a\n", "\xc3\xa4", "a-very-long-name-with-a-bad\tend"}) {
    const std::array<header_field, 1> fields{{{name, "v"}}};
    response_head head;
    head.fields = fields;
    EXPECT_STREQ(refused(head).what, "field name is not a token") << name;
  }
}

TEST(rfc9110_5_5, values_with_blanks_at_an_end_are_refused) {
  for (const std::string_view value : {" a", "a ", "\ta", "a\t", " "}) {
    const std::array<header_field, 1> fields{{{"A", value}}};
    response_head head;
    head.fields = fields;
    EXPECT_STREQ(refused(head).what, "field value begins or ends with a blank") << value;
  }
}

TEST(response_head, framing_fields_are_refused_among_the_others) {
  for (const std::string_view name : {"content-length", "Transfer-Encoding", "CONNECTION"}) {
    const std::array<header_field, 1> fields{{{name, "5"}}};
    response_head head;
    head.fields = fields;
    EXPECT_EQ(refused(head).field, 0U) << name;
  }
}

TEST(response_head, date_comes_from_one_place_only) {
  const std::array<header_field, 1> fields{{{"date", some_date}}};
  response_head head;
  head.fields = fields;
  EXPECT_NE(written(head).find("date: Sun"), std::string::npos);
  head.date = some_date;
  EXPECT_STREQ(refused(head).what, "Date is said twice");
}

TEST(response_head, date_that_is_none_is_refused) {
  response_head head;
  head.date = "now";
  EXPECT_STREQ(refused(head).what, "date is not an IMF-fixdate");
  head.date = "Sun, 06 Nov 1994\r\n08:49:37 GMT";
  EXPECT_STREQ(refused(head).what, "date is not an IMF-fixdate");
}

} // namespace
