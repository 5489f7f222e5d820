// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/compression.hpp>
#include <perron/httpd/websocket/deflate.hpp>

#include <gtest/gtest.h>

#include <string>

namespace perron::httpd::rfc6455 {
namespace {

using outcome = inflater::outcome;
using namespace std::string_literals;

constexpr std::size_t plenty = 1U << 24U;

std::string compressed(deflater& d, std::string_view text) {
  std::string out;
  d.compress(text, out);
  return out;
}
std::string inflated(inflater& i, std::string_view bytes) {
  std::string out;
  EXPECT_EQ(i.inflate(bytes, out, plenty), outcome::good);
  EXPECT_EQ(i.finish(out, plenty), outcome::good);
  return out;
}

// RFC 7692 7.2.3: the examples, read
TEST(deflate, rfc7692_7_2_3_1_one_block) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
}
TEST(deflate, rfc7692_7_2_3_2_window_is_taken_over) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
  EXPECT_EQ(inflated(i, "\xf2\x00\x11\x00\x00"s), "Hello");
}
TEST(deflate, rfc7692_7_2_3_3_block_without_compression) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");
}
TEST(deflate, rfc7692_7_2_3_4_block_with_bfinal) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");
  EXPECT_EQ(inflated(i, "\xf2\x00\x11\x00\x00"s), "Hello") << "the window is kept behind the last block";
}
TEST(deflate, rfc7692_7_2_3_5_two_blocks) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello");
}
TEST(deflate, rfc7692_7_2_3_6_empty_message_is_one_byte) {
  inflater i(15);
  EXPECT_EQ(inflated(i, "\x00"s), "");
  deflater d(15, 8, 6);
  EXPECT_EQ(inflated(i, compressed(d, "")), "");
  EXPECT_EQ(inflated(i, compressed(d, "")), "");
  EXPECT_EQ(inflated(i, compressed(d, "Hello")), "Hello");
  EXPECT_EQ(inflated(i, compressed(d, "")), "");
}

TEST(deflate, rfc7692_7_2_1_tail_is_removed) {
  deflater d(15, 8, 6);
  EXPECT_EQ(compressed(d, "Hello"), "\xf2\x48\xcd\xc9\xc9\x07\x00"s);
  EXPECT_EQ(compressed(d, "Hello"), "\xf2\x00\x11\x00\x00"s);
}

TEST(deflate, rfc7692_7_1_1_1_forgetting_makes_each_message_stand_alone) {
  deflater d(15, 8, 6);
  const std::string once = compressed(d, "Hello");
  d.forget();
  EXPECT_EQ(compressed(d, "Hello"), once);
}

TEST(deflate, rfc7692_7_1_2_window_bits_both_ways) {
  std::string text;
  for (int i = 0; text.size() < 100'000; ++i)
    text += std::to_string(i * 7919) + "-";
  for (int bits = 9; bits <= 15; ++bits) {
    deflater d(bits, 4, 6);
    inflater i(bits);
    EXPECT_EQ(inflated(i, compressed(d, text)), text) << bits;
    EXPECT_EQ(inflated(i, compressed(d, text)), text) << bits;
  }
  deflater d(9, 1, 1);
  inflater eight(8); // reads what a peer with a window of 256 bytes sends
  EXPECT_EQ(inflated(eight, compressed(d, "Hello")), "Hello");
}

TEST(deflate, inflates_bytes_one_by_one) {
  deflater d(12, 4, 3);
  const std::string bytes = compressed(d, "Hello, hello, hello and good-bye");
  inflater i(12);
  std::string out;
  for (const char c : bytes)
    EXPECT_EQ(i.inflate({&c, 1}, out, plenty), outcome::good);
  EXPECT_EQ(i.finish(out, plenty), outcome::good);
  EXPECT_EQ(out, "Hello, hello, hello and good-bye");
}

TEST(deflate, stops_a_bomb_at_the_limit) {
  deflater d(15, 9, 9);
  const std::string bomb = compressed(d, std::string(50'000'000, 'x'));
  EXPECT_LT(bomb.size(), 60'000U);
  inflater i(15);
  std::string out;
  EXPECT_EQ(i.inflate(bomb, out, 10'000), outcome::too_big);
  EXPECT_LE(out.size(), 10'000U);
}

TEST(deflate, lets_a_message_of_exactly_the_limit_pass) {
  deflater d(15, 9, 9);
  const std::string bytes = compressed(d, std::string(10'000, 'x'));
  std::string out;
  inflater i(15);
  EXPECT_EQ(i.inflate(bytes, out, 10'000), outcome::good);
  EXPECT_EQ(i.finish(out, 10'000), outcome::good);
  out.clear();
  inflater other(15);
  EXPECT_EQ(other.inflate(bytes, out, 9'999), outcome::too_big);
}

TEST(deflate, bytes_that_are_no_blocks_are_bad) {
  inflater i(15);
  std::string out;
  EXPECT_EQ(i.inflate("\x07"s, out, plenty), outcome::bad) << "a block of the reserved kind";
  inflater j(15);
  EXPECT_EQ(j.inflate("\x00\x05\x00\x00\x00Hello"s, out, plenty), outcome::bad)
      << "length and its complement";
}

TEST(compression, holds_no_context_between_messages_without_take_over) {
  const deflate_options options{.on = true};
  compression a({.send_takeover = false, .receive_takeover = false}, options);
  compression b({.send_takeover = false, .receive_takeover = false}, options);
  for (int i = 0; i < 3; ++i) {
    std::string bytes;
    std::string text;
    a.compress("Hello, hello", bytes);
    EXPECT_EQ(b.inflate(bytes, text, plenty), outcome::good);
    EXPECT_EQ(b.finish(text, plenty), outcome::good);
    EXPECT_EQ(text, "Hello, hello");
    EXPECT_FALSE(a.holds_context());
    EXPECT_FALSE(b.holds_context());
  }
}

TEST(compression, makes_its_contexts_when_first_used) {
  compression a({}, {.on = true});
  EXPECT_FALSE(a.holds_context());
  std::string bytes;
  a.compress("Hello", bytes);
  EXPECT_TRUE(a.holds_context());
  a.forget_sent();
  EXPECT_FALSE(a.holds_context());
}

} // namespace
} // namespace perron::httpd::rfc6455
