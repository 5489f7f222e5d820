// SPDX-License-Identifier: BSD-3-Clause
#include "httpd/websocket/frames.hpp"

#include <array>
#include <cstring>

namespace perron::httpd::rfc6455 {
namespace {

using outcome = head_found::outcome;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values)
    out += static_cast<char>(value);
  return out;
}

head_found parse(const std::string& text) {
  frame_head head;
  return parse_frame_head(text, head);
}

constexpr std::array<char, 4> key{'\x37', '\xfa', '\x21', '\x3d'};

TEST(frame, rfc6455_5_2_head_as_bytes_and_back) {
  for (const std::uint64_t length : {std::uint64_t(0), std::uint64_t(125), std::uint64_t(126),
                                     std::uint64_t(65535), std::uint64_t(65536), ~std::uint64_t(0) >> 1U})
    for (const bool masked : {false, true})
      for (const opcode op : {opcode::continuation, opcode::text, opcode::binary})
        for (const bool fin : {false, true}) {
          frame_head head{.fin = fin, .reserved = 5, .op = op, .masked = masked, .length = length};
          if (masked)
            head.key = key;
          const head_bytes made(head);
          frame_head back;
          const head_found found = parse_frame_head(made.view(), back);
          EXPECT_EQ(found.how, outcome::complete);
          EXPECT_EQ(found.size, made.view().size());
          EXPECT_EQ(back, head);
          for (std::size_t size = 0; size < made.view().size(); ++size)
            EXPECT_EQ(parse_frame_head(made.view().substr(0, size), back).how, outcome::need_more);
        }
}

TEST(frame, rfc6455_5_2_reserved_opcodes_are_bad_at_their_first_byte) {
  for (int op = 0; op < 16; ++op) {
    const bool known = op <= 2 || (op >= 8 && op <= 10);
    EXPECT_EQ(parse(bytes({0x80 | op})).how, known ? outcome::need_more : outcome::bad) << op;
  }
}

TEST(frame, rfc6455_5_2_length_must_be_in_its_shortest_form) {
  EXPECT_EQ(parse(bytes({0x82, 126, 0, 125})).how, outcome::bad);
  EXPECT_EQ(parse(bytes({0x82, 126, 0, 126})).how, outcome::complete);
  EXPECT_EQ(parse(bytes({0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff})).how, outcome::bad);
  EXPECT_EQ(parse(bytes({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0})).how, outcome::complete);
}

TEST(frame, rfc6455_5_2_highest_bit_of_a_length_must_be_0) {
  EXPECT_EQ(parse(bytes({0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0})).how, outcome::bad);
  EXPECT_EQ(parse(bytes({0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})).how, outcome::complete);
}

TEST(frame, rfc6455_5_5_control_frame_of_126_bytes_is_bad) {
  for (const int op : {8, 9, 10}) {
    EXPECT_EQ(parse(bytes({0x80 | op, 125})).how, outcome::complete);
    EXPECT_EQ(parse(bytes({0x80 | op, 126})).how, outcome::bad);
    EXPECT_EQ(parse(bytes({0x80 | op, 127})).how, outcome::bad);
  }
}

TEST(frame, rfc6455_5_5_fragmented_control_frame_is_bad) {
  for (const int op : {8, 9, 10})
    EXPECT_EQ(parse(bytes({op})).how, outcome::bad);
}

TEST(frame, rfc6455_5_7_examples) {
  std::string out;
  append_frame(out, {.op = opcode::text}, "Hello");
  EXPECT_EQ(out, bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  out.clear();
  append_frame(out, {.op = opcode::text, .masked = true, .key = key}, "Hello");
  EXPECT_EQ(out, bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  out.clear();
  append_frame(out, {.fin = false, .op = opcode::text}, "Hel");
  append_frame(out, {.op = opcode::continuation}, "lo");
  EXPECT_EQ(out, bytes({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}));
  out.clear();
  append_frame(out, {.op = opcode::binary}, std::string(256, 'x'));
  EXPECT_EQ(out.substr(0, 4), bytes({0x82, 0x7e, 0x01, 0x00}));
  out.clear();
  append_frame(out, {.op = opcode::binary}, std::string(65536, 'x'));
  EXPECT_EQ(out.substr(0, 10), bytes({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(frame, rfc6455_5_3_mask_at_every_phase_size_and_alignment) {
  std::array<char, 80> room{};
  for (std::size_t phase = 0; phase < 8; ++phase)
    for (std::size_t from = 0; from < 16; ++from)
      for (std::size_t size = 0; size + from <= room.size(); ++size) {
        for (std::size_t i = 0; i < room.size(); ++i)
          room[i] = static_cast<char>(i * 37);
        const auto before = room;
        apply_mask(std::span(room).subspan(from, size), key, phase);
        for (std::size_t i = 0; i < room.size(); ++i) {
          const bool inside = i >= from && i < from + size;
          const char with = inside ? key[(i - from + phase) % 4] : '\0';
          ASSERT_EQ(room[i], static_cast<char>(before[i] ^ with));
        }
        apply_mask(std::span(room).subspan(from, size), key, phase);
        ASSERT_EQ(room, before);
      }
}

} // namespace
} // namespace perron::httpd::rfc6455
