// SPDX-License-Identifier: BSD-3-Clause
//
// Groups 1 to 5 of the Autobahn fuzzing client, each case as a test of its number: what it sends, and what
// its strict pass expects.
#include "httpd/websocket/echo_peer.hpp"

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t broken = close_code::protocol_error;

/// One message of each size, echoed.
void echoes(opcode op, std::size_t size, std::size_t chop = echo_peer::at_once) {
  echo_peer peer;
  const frame message{op, std::string(size, op == opcode::text ? '*' : '\xfe')};
  EXPECT_THAT(peer.give({message}, chop), ElementsAre(message));
  EXPECT_THAT(peer.give({close_frame(1000)}), ElementsAre(close_frame(1000)));
  EXPECT_TRUE(peer.is_done());
}

TEST(autobahn, autobahn_1_1_1) { echoes(opcode::text, 0); }
TEST(autobahn, autobahn_1_1_2) { echoes(opcode::text, 125); }
TEST(autobahn, autobahn_1_1_3) { echoes(opcode::text, 126); }
TEST(autobahn, autobahn_1_1_4) { echoes(opcode::text, 127); }
TEST(autobahn, autobahn_1_1_5) { echoes(opcode::text, 128); }
TEST(autobahn, autobahn_1_1_6) { echoes(opcode::text, 65535); }
TEST(autobahn, autobahn_1_1_7) { echoes(opcode::text, 65536); }
TEST(autobahn, autobahn_1_1_8) { echoes(opcode::text, 65536, 997); }
TEST(autobahn, autobahn_1_2_1) { echoes(opcode::binary, 0); }
TEST(autobahn, autobahn_1_2_2) { echoes(opcode::binary, 125); }
TEST(autobahn, autobahn_1_2_3) { echoes(opcode::binary, 126); }
TEST(autobahn, autobahn_1_2_4) { echoes(opcode::binary, 127); }
TEST(autobahn, autobahn_1_2_5) { echoes(opcode::binary, 128); }
TEST(autobahn, autobahn_1_2_6) { echoes(opcode::binary, 65535); }
TEST(autobahn, autobahn_1_2_7) { echoes(opcode::binary, 65536); }
TEST(autobahn, autobahn_1_2_8) { echoes(opcode::binary, 65536, 997); }

void pongs(const std::string& payload, std::size_t chop = echo_peer::at_once) {
  EXPECT_THAT(echo_peer().give({ping_frame(payload)}, chop), ElementsAre(pong_frame(payload)));
}

TEST(autobahn, autobahn_2_1) { pongs(""); }
TEST(autobahn, autobahn_2_2) { pongs("Hello, world!"); }
TEST(autobahn, autobahn_2_3) { pongs(std::string("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8)); }
TEST(autobahn, autobahn_2_4) { pongs(std::string(125, '\xfe')); }
TEST(autobahn, autobahn_2_5) {
  EXPECT_THAT(echo_peer().give({ping_frame(std::string(126, '\xfe'))}), ElementsAre(closes_with(broken)));
}
TEST(autobahn, autobahn_2_6) { pongs(std::string(125, '\xfe'), 1); }
TEST(autobahn, autobahn_2_7) { EXPECT_THAT(echo_peer().give({pong_frame("")}), IsEmpty()); }
TEST(autobahn, autobahn_2_8) { EXPECT_THAT(echo_peer().give({pong_frame("unsolicited")}), IsEmpty()); }
TEST(autobahn, autobahn_2_9) {
  EXPECT_THAT(echo_peer().give({pong_frame("unsolicited"), ping_frame("asked")}),
              ElementsAre(pong_frame("asked")));
}

void ten_pings(std::size_t chop) {
  std::vector<frame> pings;
  std::vector<frame> expected;
  for (int i = 0; i < 10; ++i) {
    pings.push_back(ping_frame("payload-" + std::to_string(i)));
    expected.push_back(pong_frame("payload-" + std::to_string(i)));
  }
  EXPECT_EQ(echo_peer().give(pings, chop), expected);
}
TEST(autobahn, autobahn_2_10) { ten_pings(echo_peer::at_once); }
TEST(autobahn, autobahn_2_11) { ten_pings(1); }

const frame hello = text_frame("Hello, world!");

frame with_reserved(frame f, std::uint8_t bits) {
  f.reserved = bits;
  return f;
}

/// A good message is echoed, then the bad frame ends it, and the ping behind it is not answered.
void echoes_then_fails(const frame& bad, std::size_t chop = echo_peer::at_once) {
  echo_peer peer;
  EXPECT_THAT(peer.give({hello, bad, ping_frame("")}, chop), ElementsAre(hello, closes_with(broken)));
  EXPECT_TRUE(peer.is_done());
}
void fails(const std::vector<frame>& frames, std::size_t chop = echo_peer::at_once) {
  echo_peer peer;
  EXPECT_THAT(peer.give(frames, chop), ElementsAre(closes_with(broken)));
  EXPECT_TRUE(peer.is_done());
}

TEST(autobahn, autobahn_3_1) { fails({with_reserved(hello, 1)}); }
TEST(autobahn, autobahn_3_2) { echoes_then_fails(with_reserved(hello, 2)); }
TEST(autobahn, autobahn_3_3) { echoes_then_fails(with_reserved(hello, 3)); }
TEST(autobahn, autobahn_3_4) { echoes_then_fails(with_reserved(hello, 4), 1); }
TEST(autobahn, autobahn_3_5) { fails({with_reserved(binary_frame("\xff\xfe"), 5)}); }
TEST(autobahn, autobahn_3_6) { fails({with_reserved(ping_frame("Hello, world!"), 6)}); }
TEST(autobahn, autobahn_3_7) { fails({with_reserved({opcode::close, ""}, 7)}); }

frame of_opcode(int op, std::string payload = {}) { return {static_cast<opcode>(op), std::move(payload)}; }

TEST(autobahn, autobahn_4_1_1) { fails({of_opcode(3)}); }
TEST(autobahn, autobahn_4_1_2) { fails({of_opcode(4, "reserved opcode payload")}); }
TEST(autobahn, autobahn_4_1_3) { echoes_then_fails(of_opcode(5)); }
TEST(autobahn, autobahn_4_1_4) { echoes_then_fails(of_opcode(6, "reserved opcode payload")); }
TEST(autobahn, autobahn_4_1_5) { echoes_then_fails(of_opcode(7, "reserved opcode payload"), 1); }
TEST(autobahn, autobahn_4_2_1) { fails({of_opcode(11)}); }
TEST(autobahn, autobahn_4_2_2) { fails({of_opcode(12, "reserved opcode payload")}); }
TEST(autobahn, autobahn_4_2_3) { echoes_then_fails(of_opcode(13)); }
TEST(autobahn, autobahn_4_2_4) { echoes_then_fails(of_opcode(14, "reserved opcode payload")); }
TEST(autobahn, autobahn_4_2_5) { echoes_then_fails(of_opcode(15, "reserved opcode payload"), 1); }

frame first(std::string payload, opcode op = opcode::text) { return {op, std::move(payload), false}; }
frame middle(std::string payload) { return {opcode::continuation, std::move(payload), false}; }
frame last(std::string payload) { return {opcode::continuation, std::move(payload), true}; }

void joins(std::size_t chop) {
  EXPECT_THAT(echo_peer().give({first("fragment1"), last("fragment2")}, chop),
              ElementsAre(text_frame("fragment1fragment2")));
}
void joins_around_a_ping(std::size_t chop) {
  EXPECT_THAT(echo_peer().give({first("fragment1"), ping_frame("ping payload"), last("fragment2")}, chop),
              ElementsAre(pong_frame("ping payload"), text_frame("fragment1fragment2")));
}

TEST(autobahn, autobahn_5_1) { fails({first("fragment1", opcode::ping), last("fragment2")}); }
TEST(autobahn, autobahn_5_2) { fails({first("fragment1", opcode::pong), last("fragment2")}); }
TEST(autobahn, autobahn_5_3) { joins(echo_peer::at_once); }
TEST(autobahn, autobahn_5_4) { joins(1); }
TEST(autobahn, autobahn_5_5) { joins(7); }
TEST(autobahn, autobahn_5_6) { joins_around_a_ping(echo_peer::at_once); }
TEST(autobahn, autobahn_5_7) { joins_around_a_ping(7); }
TEST(autobahn, autobahn_5_8) { joins_around_a_ping(1); }
TEST(autobahn, autobahn_5_9) { fails({last("non-continuation payload"), hello}); }
TEST(autobahn, autobahn_5_10) { fails({last("non-continuation payload"), hello}, 7); }
TEST(autobahn, autobahn_5_11) { fails({last("non-continuation payload"), hello}, 1); }
TEST(autobahn, autobahn_5_12) { fails({middle("non-continuation payload"), hello}); }
TEST(autobahn, autobahn_5_13) { fails({middle("non-continuation payload"), hello}, 7); }
TEST(autobahn, autobahn_5_14) { fails({middle("non-continuation payload"), hello}, 1); }
TEST(autobahn, autobahn_5_15) {
  EXPECT_THAT(
      echo_peer().give({first("fragment1"), last("fragment2"), middle("fragment3"), text_frame("fragment4")}),
      ElementsAre(text_frame("fragment1fragment2"), closes_with(broken)));
}
TEST(autobahn, autobahn_5_16) {
  fails({middle("fragment1"), first("fragment2"), last("fragment3"), middle("fragment1"), first("fragment2"),
         last("fragment3")});
}
TEST(autobahn, autobahn_5_17) {
  fails({last("fragment1"), first("fragment2"), last("fragment3"), last("fragment1"), first("fragment2"),
         last("fragment3")});
}
TEST(autobahn, autobahn_5_18) { fails({first("fragment1"), text_frame("fragment2")}); }

void pings_between_five_fragments(std::size_t chop) {
  EXPECT_THAT(echo_peer().give({first("fragment1"), middle("fragment2"), ping_frame("pongme 1!"),
                                middle("fragment3"), ping_frame("pongme 2!"), middle("fragment4"),
                                ping_frame("pongme 3!"), last("fragment5")},
                               chop),
              ElementsAre(pong_frame("pongme 1!"), pong_frame("pongme 2!"), pong_frame("pongme 3!"),
                          text_frame("fragment1fragment2fragment3fragment4fragment5")));
}
TEST(autobahn, autobahn_5_19) { pings_between_five_fragments(1); }
TEST(autobahn, autobahn_5_20) { pings_between_five_fragments(echo_peer::at_once); }

} // namespace
} // namespace perron::httpd
