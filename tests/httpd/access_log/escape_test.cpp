// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/escape.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace perron::httpd::access_log_detail {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}
std::string json_escaped(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

TEST(access_log_escape, leaves_what_can_be_read) {
  EXPECT_EQ(escaped("GET /a?b=%20 HTTP/1.1"), "GET /a?b=%20 HTTP/1.1");
  EXPECT_EQ(json_escaped("GET /a?b=%20'\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
            "GET /a?b=%20'\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(access_log_escape, no_byte_ends_a_line_or_a_field) {
  EXPECT_EQ(escaped("a\r\nb\"c\\d\x1b[2J\x7f\xc2\x9b"), R"(a\x0D\x0Ab\x22c\x5Cd\x1B[2J\x7F\xC2\x9B)");
  for (int byte = 0; byte < 256; ++byte)
    for (const char c : escaped(std::string(1, static_cast<char>(byte))))
      EXPECT_TRUE(c >= 0x20 && c < 0x7f && c != '"') << byte;
}

TEST(access_log_escape, rfc8259_7_quotes_backslashes_and_controls_are_escaped) {
  EXPECT_EQ(json_escaped("a\"b\\c\nd\x1b\x7f"), R"(a\"b\\c\u000ad\u001b\u007f)");
  EXPECT_EQ(json_escaped(std::string(1, '\0')), "\\u0000");
  EXPECT_EQ(json_escaped("\xc2\x9b"
                         "2J"),
            "\\u009b2J")
      << "a terminal takes it for ESC [";
}

TEST(access_log_escape, rfc3629_3_what_is_no_utf8_is_replaced) {
  for (const std::string_view bad :
       {"\x80", "\xff", "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    const std::string text = json_escaped(bad);
    std::string wanted;
    for (std::size_t i = 0; i < bad.size(); ++i)
      wanted += "\\ufffd";
    EXPECT_EQ(text, wanted);
  }
  EXPECT_EQ(json_escaped("\xe2\x82x"), "\\ufffd\\ufffdx");
}

TEST(access_log_escape, every_pair_of_bytes_makes_json) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const char two[] = {static_cast<char>(a), static_cast<char>(b)};
      const auto parsed = nlohmann::json::parse('"' + json_escaped({two, 2}) + '"', nullptr, false);
      ASSERT_TRUE(parsed.is_string()) << a << ' ' << b;
    }
}

} // namespace
} // namespace perron::httpd::access_log_detail
