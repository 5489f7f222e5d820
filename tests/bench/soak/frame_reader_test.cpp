// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/frame_reader.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace perron::soak {
namespace {

using namespace std::string_literals;

TEST(frame_reader, rfc6455_5_2_a_payload_has_one_of_three_lengths) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 100'000U}) {
    const std::string payload(size, 'x');
    std::string bytes = "\x81"s;
    if (size < 126)
      bytes += static_cast<char>(size);
    else if (size < 65'536)
      bytes += "\x7e"s + static_cast<char>(size >> 8U) + static_cast<char>(size & 255U);
    else
      bytes += "\x7f\0\0\0\0\0"s + static_cast<char>(size >> 16U) + static_cast<char>(size >> 8U & 255U) +
               static_cast<char>(size & 255U);
    bytes += payload + "behind";
    const frame f = read_frame(bytes);
    EXPECT_EQ(f.wrong, nullptr);
    EXPECT_EQ(f.kind, opcode::text);
    EXPECT_TRUE(f.last);
    EXPECT_EQ(f.payload.size(), size);
    EXPECT_EQ(bytes.substr(f.used), "behind");
    for (std::size_t part = 0; part < f.used; part += part < 20 ? 1 : 997)
      EXPECT_EQ(read_frame(std::string_view(bytes).substr(0, part)).used, 0U) << size << ' ' << part;
  }
}

TEST(frame_reader, rfc6455_5_1_a_server_does_not_mask) {
  EXPECT_NE(read_frame("\x81\x81\0\0\0\0x"s).wrong, nullptr);
}

TEST(frame_reader, rfc6455_5_2_reserved_bits_and_kinds_are_wrong) {
  EXPECT_NE(read_frame("\xc1\x01x"s).wrong, nullptr);
  EXPECT_NE(read_frame("\x83\x01x"s).wrong, nullptr);
  EXPECT_NE(read_frame("\x8b\x01x"s).wrong, nullptr);
}

TEST(frame_reader, rfc6455_5_5_control_frames_are_short_and_whole) {
  EXPECT_NE(read_frame("\x89\x7e\x00\x7e"s).wrong, nullptr);
  EXPECT_NE(read_frame("\x09\x00"s).wrong, nullptr);
  EXPECT_EQ(read_frame("\x89\x00"s).kind, opcode::ping);
  EXPECT_EQ(read_frame("\x8a\x00"s).kind, opcode::pong);
}

TEST(frame_reader, a_piece_of_a_message_says_so) {
  const frame f = read_frame("\x01\x01x"s);
  EXPECT_EQ(f.wrong, nullptr);
  EXPECT_FALSE(f.last);
}

TEST(frame_reader, a_frame_that_is_too_long_is_refused_at_once) {
  EXPECT_NE(read_frame("\x82\x7f\x00\x00\x00\x00\x00\x20\x00\x00"s).wrong, nullptr);
  EXPECT_NE(read_frame("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s).wrong, nullptr);
}

TEST(frame_reader, rfc6455_5_3_what_a_client_sends_is_masked) {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    std::string bytes = make_frame(opcode::text, std::string(size, 'x'));
    EXPECT_EQ(bytes[0], '\x81');
    EXPECT_EQ(static_cast<unsigned char>(bytes[1]) & 0x80U, 0x80U);
    // as a server would send it: without the bit and the four bytes
    bytes[1] = static_cast<char>(bytes[1] & 0x7f);
    bytes.erase(bytes.size() - size - 4, 4);
    const frame f = read_frame(bytes);
    EXPECT_EQ(f.used, bytes.size());
    EXPECT_EQ(f.payload.size(), size);
  }
}

TEST(frame_reader, rfc6455_7_1_5_a_close_may_have_a_code) {
  EXPECT_EQ(close_code("\x03\xf3why"s), 1011);
  EXPECT_EQ(close_code(""), 1005);
  EXPECT_EQ(close_code("\x03"s), 1005);
}

} // namespace
} // namespace perron::soak
