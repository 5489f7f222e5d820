// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/status.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace perron::httpd;

TEST(status, phrases_of_rfc9110_15) {
  EXPECT_EQ(reason_phrase(status::ok), "OK");
  EXPECT_EQ(reason_phrase(status::content_too_large), "Content Too Large");
  EXPECT_EQ(reason_phrase(status::header_fields_too_large), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(status::version_not_supported), "HTTP Version Not Supported");
}

TEST(status, codes_without_a_phrase) {
  for (const int code : {-1, 0, 99, 199, 299, 418, 599, 600, 1 << 30})
    EXPECT_EQ(reason_phrase(code), "") << code;
}

TEST(status, every_line_is_made_of_its_code_and_phrase) {
  for (int code = 0; code < 1000; ++code) {
    const auto line = status_line(code);
    if (line.empty())
      continue;
    EXPECT_EQ(line, "HTTP/1.1 " + std::to_string(code) + " " + std::string(reason_phrase(code)) + "\r\n");
  }
}

TEST(status, responses_without_content) {
  EXPECT_TRUE(has_no_content(100));
  EXPECT_TRUE(has_no_content(204));
  EXPECT_TRUE(has_no_content(304));
  EXPECT_FALSE(has_no_content(200));
  EXPECT_FALSE(has_no_content(205));
}

} // namespace
