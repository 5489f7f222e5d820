// SPDX-License-Identifier: BSD-3-Clause
#include "httpd/websocket/echo_peer.hpp"

namespace perron::httpd::rfc6455 {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using kind = event::kind;

/// The first event of bytes that come at once.
event first_event(protocol& p, std::string bytes) {
  std::span<char> rest(bytes);
  return p.next(rest);
}
event first_event(side own, const std::string& bytes) {
  protocol p(own);
  return first_event(p, bytes);
}

void fails(const event& e, std::uint16_t code) {
  EXPECT_EQ(e.what_came, kind::failed);
  EXPECT_EQ(e.code, code);
  EXPECT_NE(std::string_view(e.what), "");
}

TEST(protocol, rfc6455_5_1_server_fails_frames_that_are_not_masked) {
  fails(first_event(side::server, bare(text_frame("Hello"))), 1002);
  fails(first_event(side::server, bare(ping_frame(""))), 1002);
}
TEST(protocol, rfc6455_5_1_client_fails_frames_that_are_masked) {
  fails(first_event(side::client, masked(text_frame("Hello"))), 1002);
  EXPECT_EQ(first_event(side::client, bare(text_frame("Hello"))).data, "Hello");
}
TEST(protocol, rfc6455_5_2_reserved_bits_without_extension_fail) {
  for (std::uint8_t bits = 1; bits < 8; ++bits)
    fails(first_event(side::server, masked(frame{opcode::text, "", true, bits})), 1002);
}
TEST(protocol, rfc6455_5_2_reserved_opcodes_fail) {
  for (const int op : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    fails(first_event(side::server, masked(frame{static_cast<opcode>(op), ""})), 1002);
}
TEST(protocol, rfc6455_5_4_fragments_are_joined_in_order) {
  for (std::size_t size = 1; size < 12; ++size)
    EXPECT_THAT(echo_peer().give(fragments(opcode::binary, "Hello, world", size)),
                ElementsAre(binary_frame("Hello, world")));
}
TEST(protocol, rfc6455_5_4_control_frames_may_stand_between_fragments) {
  protocol p(side::server);
  std::string bytes =
      masked({{opcode::text, "Hel", false}, ping_frame("p"), {opcode::continuation, "lo", true}});
  std::span<char> rest(bytes);
  EXPECT_EQ(p.next(rest).what_came, kind::ping);
  const event e = p.next(rest);
  EXPECT_EQ(e.what_came, kind::message);
  EXPECT_TRUE(e.is_text);
  EXPECT_EQ(e.data, "Hello");
}
TEST(protocol, rfc6455_5_4_fragments_of_two_messages_do_not_mix) {
  EXPECT_THAT(echo_peer().give({{opcode::text, "a", false}, {opcode::text, "b", true}}),
              ElementsAre(closes_with(1002)));
  EXPECT_THAT(echo_peer().give({{opcode::text, "a", false}, {opcode::binary, "b", false}}),
              ElementsAre(closes_with(1002)));
}
TEST(protocol, rfc6455_5_4_type_of_a_message_is_that_of_its_first_fragment) {
  EXPECT_THAT(echo_peer().give({{opcode::binary, "\xff", false}, {opcode::continuation, "\xfe", true}}),
              ElementsAre(binary_frame("\xff\xfe")));
}
TEST(protocol, rfc6455_5_4_continuation_of_nothing_fails) {
  fails(first_event(side::server, masked(frame{opcode::continuation, "x"})), 1002);
}
TEST(protocol, rfc6455_5_5_control_frames_are_short_and_whole) {
  for (const opcode op : {opcode::close, opcode::ping, opcode::pong}) {
    fails(first_event(side::server, masked(frame{op, std::string(126, 'x')})), 1002);
    fails(first_event(side::server, masked(frame{op, "xx", false})), 1002);
  }
}
TEST(protocol, rfc6455_5_5_1_close_with_a_code_and_a_reason) {
  const event e = first_event(side::server, masked(close_frame(4001, "so long")));
  EXPECT_EQ(e.what_came, kind::close);
  EXPECT_EQ(e.code, 4001);
  EXPECT_EQ(e.data, "so long");
}
TEST(protocol, rfc6455_7_1_5_close_without_a_code_is_1005) {
  const event e = first_event(side::server, masked(frame{opcode::close, ""}));
  EXPECT_EQ(e.what_came, kind::close);
  EXPECT_EQ(e.code, close_code::none_given);
}
TEST(protocol, rfc6455_5_5_1_close_of_one_byte_fails) {
  fails(first_event(side::server, masked(frame{opcode::close, "x"})), 1002);
}
TEST(protocol, rfc6455_5_5_1_nothing_counts_behind_a_close) {
  protocol p(side::server);
  std::string bytes = masked({close_frame(1000), text_frame("late"), close_frame(1001)}) + "no frame at all";
  std::span<char> rest(bytes);
  EXPECT_EQ(p.next(rest).what_came, kind::close);
  EXPECT_TRUE(p.is_over());
  EXPECT_EQ(p.next(rest).what_came, kind::need_more);
  EXPECT_TRUE(rest.empty());
}
TEST(protocol, rfc6455_5_5_2_ping_carries_what_a_pong_has_to) {
  const event e = first_event(side::server, masked(ping_frame("application data")));
  EXPECT_EQ(e.what_came, kind::ping);
  EXPECT_EQ(e.data, "application data");
}
TEST(protocol, rfc6455_5_5_3_unasked_pongs_are_told_and_harmless) {
  EXPECT_EQ(first_event(side::server, masked(pong_frame("x"))).what_came, kind::pong);
}
TEST(protocol, rfc6455_5_6_text_that_is_no_utf8_fails_and_binary_does_not) {
  fails(first_event(side::server, masked(text_frame("\xff"))), 1007);
  EXPECT_EQ(first_event(side::server, masked(binary_frame("\xff"))).data, "\xff");
}
TEST(protocol, rfc6455_8_1_character_split_over_fragments_is_good) {
  EXPECT_THAT(echo_peer().give(fragments(opcode::text, "\xf0\x9f\x9a\x89", 1)),
              ElementsAre(text_frame("\xf0\x9f\x9a\x89")));
}
TEST(protocol, rfc6455_8_1_text_that_ends_inside_a_character_fails) {
  fails(first_event(side::server, masked(text_frame("\xf0\x9f\x9a"))), 1007);
}
TEST(protocol, rfc6455_7_4_close_codes) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999})
    EXPECT_EQ(first_event(side::server, masked(close_frame(static_cast<std::uint16_t>(code)))).code, code);
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
    fails(first_event(side::server, masked(close_frame(static_cast<std::uint16_t>(code)))), 1002);
}
TEST(protocol, rfc6455_7_1_6_reason_that_is_no_utf8_fails) {
  fails(first_event(side::server, masked(close_frame(1000, "\xff"))), 1007);
}

TEST(protocol, rfc6455_10_4_frame_over_the_limit_fails_at_its_head) {
  protocol p(side::server, {.max_frame = 100, .max_message = 1000});
  EXPECT_EQ(first_event(p, masked(binary_frame(std::string(100, 'x')))).what_came, kind::message);
  const std::string large = masked(binary_frame(std::string(200, 'x')));
  fails(first_event(p, large.substr(0, 8)), 1009);
}
TEST(protocol, rfc6455_10_4_message_over_the_limit_fails_at_the_head_that_passes_it) {
  protocol p(side::server, {.max_frame = 100, .max_message = 150});
  std::string bytes = masked(frame{opcode::binary, std::string(100, 'x'), false});
  EXPECT_EQ(first_event(p, bytes).what_came, kind::need_more);
  bytes = masked(frame{opcode::continuation, std::string(51, 'x'), true});
  fails(first_event(p, bytes.substr(0, 6)), 1009);
}
TEST(protocol, message_of_exactly_the_limit_passes) {
  protocol p(side::server, {.max_frame = 100, .max_message = 150});
  std::string bytes = masked(frame{opcode::binary, std::string(100, 'x'), false});
  bytes += masked(frame{opcode::continuation, std::string(50, 'x'), true});
  EXPECT_EQ(first_event(p, bytes).data.size(), 150U);
}
TEST(protocol, huge_length_costs_no_memory_before_its_bytes_come) {
  protocol p(side::server, {.max_frame = 1U << 31U, .max_message = 1U << 31U});
  std::string head(head_bytes({.op = opcode::binary, .masked = true, .length = 1U << 31U}).view());
  EXPECT_EQ(first_event(p, head).what_came, kind::need_more);
  EXPECT_TRUE(p.is_inside_message());
}

TEST(protocol, goes_the_same_way_at_every_split) {
  const std::string bytes = masked({{opcode::text, std::string(130, 'a'), false},
                                    ping_frame("ping"),
                                    {opcode::continuation, "b", true},
                                    binary_frame(std::string(70'000, '\xff')),
                                    close_frame(1000, "bye")});
  const auto expected = echo_peer().give(bytes);
  EXPECT_EQ(expected.size(), 4U);
  for (std::size_t chop = 1; chop < 300; ++chop)
    ASSERT_EQ(echo_peer().give(bytes, chop), expected) << chop;
}

TEST(protocol, is_small_between_messages) {
  EXPECT_LE(sizeof(protocol), 80U);
  echo_peer peer;
  EXPECT_FALSE(peer.protocol().is_inside_message());
  peer.give(masked(text_frame("x")).substr(0, 1));
  EXPECT_TRUE(peer.protocol().is_inside_message());
}

// permessage-deflate

std::unique_ptr<compression> agreed() {
  return std::make_unique<compression>(deflate_agreement{}, deflate_options{.on = true, .from_bytes = 0});
}
const std::string hello_compressed("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);

TEST(protocol, rfc7692_6_rsv1_marks_a_compressed_message) {
  echo_peer peer({}, agreed());
  const auto back = peer.give({frame{opcode::text, hello_compressed, true, 4}});
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].reserved, 4);
}
TEST(protocol, rfc7692_6_message_may_come_uncompressed) {
  protocol p(side::server, {}, agreed());
  EXPECT_EQ(first_event(p, masked(text_frame("Hello"))).data, "Hello");
}
TEST(protocol, rfc7692_6_1_only_the_first_fragment_has_rsv1) {
  protocol p(side::server, {}, agreed());
  const auto parts = fragments(opcode::text, hello_compressed, 2, 4);
  EXPECT_EQ(first_event(p, masked(parts)).data, "Hello");
  protocol q(side::server, {}, agreed());
  fails(first_event(q, masked({parts[0], frame{opcode::continuation, parts[1].payload, false, 4}})), 1002);
}
TEST(protocol, rfc7692_6_1_control_frames_are_not_compressed) {
  protocol p(side::server, {}, agreed());
  fails(first_event(p, masked(frame{opcode::ping, "x", true, 4})), 1002);
}
TEST(protocol, rfc7692_6_other_reserved_bits_still_fail) {
  for (const int bits : {1, 2, 5, 6}) {
    protocol p(side::server, {}, agreed());
    fails(first_event(p, masked(frame{opcode::text, "", true, static_cast<std::uint8_t>(bits)})), 1002);
  }
}
TEST(protocol, rfc7692_7_2_2_data_that_does_not_inflate_fails) {
  protocol p(side::server, {}, agreed());
  fails(first_event(p, masked(frame{opcode::binary, "\x07garbage", true, 4})), 1007);
}
TEST(protocol, rfc7692_8_inflated_message_over_the_limit_fails) {
  deflater d(15, 8, 9);
  std::string bomb;
  d.compress(std::string(1'000'000, 'x'), bomb);
  protocol p(side::server, {.max_frame = 10'000, .max_message = 100'000}, agreed());
  fails(first_event(p, masked(frame{opcode::text, bomb, true, 4})), 1009);
}
TEST(protocol, rfc6455_8_1_inflated_text_is_checked_as_it_comes) {
  deflater d(15, 8, 9);
  std::string packed;
  d.compress("\xff" + std::string(1000, 'x'), packed);
  protocol p(side::server, {}, agreed());
  const std::string bytes = masked(frame{opcode::text, packed, true, 4});
  fails(first_event(p, bytes.substr(0, bytes.size() - 2)), 1007);
}

// what goes out

TEST(protocol, rfc6455_5_4_long_messages_go_out_in_frames) {
  protocol p(side::server);
  std::string scratch;
  std::string out;
  each_frame(p.prepare(true, "Hello, world", scratch), 5,
             [&](std::string_view head, std::string_view piece) { out.append(head).append(piece); });
  EXPECT_THAT(cut_frames(out),
              ElementsAre(frame{opcode::text, "Hello", false}, frame{opcode::continuation, ", wor", false},
                          frame{opcode::continuation, "ld", true}));
}
TEST(protocol, short_messages_are_not_compressed) {
  protocol p(side::server, {},
             std::make_unique<compression>(deflate_agreement{}, deflate_options{.from_bytes = 10}));
  std::string scratch;
  EXPECT_EQ(p.prepare(true, "Hello", scratch).payload, "Hello");
  EXPECT_EQ(p.prepare(true, "Hello, world", scratch).head.reserved, compressed_bit);
}
TEST(protocol, rfc6455_5_5_1_close_payload_fits_a_control_frame) {
  EXPECT_EQ(protocol::close_payload(1000, "bye"), close_data(1000, "bye"));
  EXPECT_EQ(protocol::close_payload(1000, std::string(200, 'x')).size(), 125U);
  std::string long_text(122, 'x');
  long_text += "\xe2\x82\xac";
  EXPECT_EQ(protocol::close_payload(1000, long_text), close_data(1000, std::string(122, 'x')));
}
TEST(protocol, rfc6455_7_4_1_codes_that_must_not_be_sent_are_not) {
  for (const int code : {0, 1005, 1006, 1015, 2000, 5000})
    EXPECT_EQ(protocol::close_payload(static_cast<std::uint16_t>(code), "x"), "");
}

} // namespace
} // namespace perron::httpd::rfc6455
