// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/cursor.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::httpd {
namespace {

TEST(topic_cursor, is_written_and_read) {
  for (const topic_cursor at :
       {topic_cursor{1, 0}, topic_cursor{0x2f9c01, 17}, topic_cursor{UINT64_MAX, UINT64_MAX}})
    EXPECT_EQ(parse_cursor(to_string(at)), at) << to_string(at);
  EXPECT_EQ(to_string({0x2f9c01, 17}), "2f9c01-17");
}

TEST(topic_cursor, is_nothing_where_the_text_is_another) {
  for (const char* text : {"", "-", "1", "1-", "-1", "0-1", "01-1", "1-01", "1-1 ", " 1-1", "+1-1", "1--1",
                           "A-1", "g-1", "1-a", "10000000000000000-1", "1-18446744073709551616", "1-1-1"})
    EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
  EXPECT_FALSE(topic_cursor());
}

} // namespace
} // namespace perron::httpd
