// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/utf8.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::httpd::rfc6455 {
namespace {

std::string encode(std::uint32_t point) {
  const auto put = [](std::uint32_t value) { return static_cast<char>(value & 0xffU); };
  if (point < 0x80)
    return {put(point)};
  if (point < 0x800)
    return {put(0xc0 | point >> 6), put(0x80 | (point & 63))};
  if (point < 0x10000)
    return {put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 63)), put(0x80 | (point & 63))};
  return {put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 63)), put(0x80 | (point >> 6 & 63)),
          put(0x80 | (point & 63))};
}

TEST(utf8, rfc3629_3_every_code_point_but_surrogates) {
  for (std::uint32_t point = 0; point <= 0x10ffff; ++point)
    ASSERT_EQ(is_utf8(encode(point)), point < 0xd800 || point > 0xdfff) << point;
  for (std::uint32_t point = 0x110000; point < 0x200000; point += 7)
    ASSERT_FALSE(is_utf8(encode(point))) << point;
}

/// A second opinion from the grammar of RFC 3629 4, for two and three bytes.
bool allowed(const std::string& text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return at(i) >= 0x80 && at(i) <= 0xbf; };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char c = at(i);
    const std::size_t size = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0U) == 0xe0 ? 3 : 9;
    if (i + size > text.size())
      return false;
    if (size >= 2 && !tail(i + 1))
      return false;
    if (size == 3 && (!tail(i + 2) || (c == 0xe0 && at(i + 1) < 0xa0) || (c == 0xed && at(i + 1) > 0x9f)))
      return false;
    i += size;
  }
  return true;
}

TEST(utf8, rfc3629_4_every_text_of_up_to_three_bytes) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string two{static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(is_utf8(two), allowed(two));
      if (a < 0xf0)
        for (int c = 0x70; c < 256; ++c) {
          const std::string three = two + static_cast<char>(c);
          ASSERT_EQ(is_utf8(three), allowed(three)) << a << ' ' << b << ' ' << c;
        }
    }
}

TEST(utf8, is_the_same_in_pieces_at_every_split) {
  const std::string text =
      "plain text that is long, \xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x89 and some more of it behind";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    utf8_check check;
    EXPECT_TRUE(check.feed(std::string_view(text).substr(0, at)));
    EXPECT_TRUE(check.feed(std::string_view(text).substr(at)));
    EXPECT_TRUE(check.at_boundary());
  }
}

TEST(utf8, knows_the_bad_byte_when_it_comes) {
  for (const auto* const bad :
       {"\xed\xa0", "\xf4\x90", "\xe0\x9f", "\xf0\x8f", "\xc3(", "\xe2\x82(", "\xf0\x9f\x9a("}) {
    const std::string text = std::string(40, 'x') + bad;
    utf8_check check;
    for (std::size_t i = 0; i < text.size(); ++i)
      EXPECT_EQ(check.feed(text.substr(i, 1)), i + 1 < text.size());
  }
}

TEST(utf8, tells_whether_a_character_is_unfinished) {
  utf8_check check;
  EXPECT_TRUE(check.at_boundary());
  EXPECT_TRUE(check.feed("\xe2\x82"));
  EXPECT_FALSE(check.at_boundary());
  EXPECT_TRUE(check.feed("\xac"));
  EXPECT_TRUE(check.at_boundary());
}

} // namespace
} // namespace perron::httpd::rfc6455
