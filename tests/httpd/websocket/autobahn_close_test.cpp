// SPDX-License-Identifier: BSD-3-Clause
//
// Groups 7, 9 and 10 of the Autobahn fuzzing client: closing, sizes and automatic fragmentation. The sizes of
// group 9 are a sixteenth of what Autobahn sends, so that the whole takes a moment.
#include "httpd/websocket/echo_peer.hpp"

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(autobahn, autobahn_7_1_1) {
  echo_peer peer;
  EXPECT_THAT(peer.give({text_frame("Hello World!"), close_frame(1000)}),
              ElementsAre(text_frame("Hello World!"), close_frame(1000)));
  EXPECT_TRUE(peer.is_done());
}
TEST(autobahn, autobahn_7_1_2) {
  EXPECT_THAT(echo_peer().give({close_frame(1000), close_frame(1000)}), ElementsAre(close_frame(1000)));
}
TEST(autobahn, autobahn_7_1_3) {
  EXPECT_THAT(echo_peer().give({close_frame(1000), ping_frame("")}), ElementsAre(close_frame(1000)));
}
TEST(autobahn, autobahn_7_1_4) {
  EXPECT_THAT(echo_peer().give({close_frame(1000), text_frame("Hello World!")}),
              ElementsAre(close_frame(1000)));
}
TEST(autobahn, autobahn_7_1_5) {
  EXPECT_THAT(echo_peer().give({frame{opcode::text, "fragment1", false}, close_frame(1000),
                                frame{opcode::continuation, "fragment2"}}),
              ElementsAre(close_frame(1000)));
}
TEST(autobahn, autobahn_7_1_6) {
  const frame large = text_frame(std::string(256 * 1024, 'B'));
  EXPECT_THAT(echo_peer().give({large, text_frame("Hello World!"), close_frame(1000), ping_frame("")}),
              ElementsAre(large, text_frame("Hello World!"), close_frame(1000)));
}

TEST(autobahn, autobahn_7_3_1) {
  const frame bare_close{opcode::close, ""};
  EXPECT_THAT(echo_peer().give({bare_close}), ElementsAre(bare_close));
}
TEST(autobahn, autobahn_7_3_2) {
  EXPECT_THAT(echo_peer().give({frame{opcode::close, "a"}}), ElementsAre(closes_with(1002)));
}
TEST(autobahn, autobahn_7_3_3) {
  EXPECT_THAT(echo_peer().give({close_frame(1000)}), ElementsAre(close_frame(1000)));
}
TEST(autobahn, autobahn_7_3_4) {
  EXPECT_THAT(echo_peer().give({close_frame(1000, "Hello World!")}), ElementsAre(closes_with(1000)));
}
TEST(autobahn, autobahn_7_3_5) {
  EXPECT_THAT(echo_peer().give({close_frame(1000, std::string(123, '*'))}), ElementsAre(closes_with(1000)));
}
TEST(autobahn, autobahn_7_3_6) {
  EXPECT_THAT(echo_peer().give({close_frame(1000, std::string(124, '*'))}), ElementsAre(closes_with(1002)));
}
TEST(autobahn, autobahn_7_5_1) {
  EXPECT_THAT(echo_peer().give({close_frame(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
                                                  "edited")}),
              ElementsAre(closes_with(1007)));
}

class autobahn_7_7 : public ::testing::TestWithParam<std::uint16_t> {};
TEST_P(autobahn_7_7, is_echoed) {
  EXPECT_THAT(echo_peer().give({close_frame(GetParam())}), ElementsAre(close_frame(GetParam())));
}
INSTANTIATE_TEST_SUITE_P(valid_codes, autobahn_7_7,
                         ::testing::Values(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999,
                                           4000, 4999));

class autobahn_7_9 : public ::testing::TestWithParam<std::uint16_t> {};
TEST_P(autobahn_7_9, is_a_protocol_error) {
  EXPECT_THAT(echo_peer().give({close_frame(GetParam())}), ElementsAre(closes_with(1002)));
}
INSTANTIATE_TEST_SUITE_P(invalid_codes, autobahn_7_9,
                         ::testing::Values(0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999));

TEST(autobahn, autobahn_7_13_1) {
  EXPECT_THAT(echo_peer().give({close_frame(5000)}), ElementsAre(closes_with(1002)));
}
TEST(autobahn, autobahn_7_13_2) {
  EXPECT_THAT(echo_peer().give({close_frame(65535)}), ElementsAre(closes_with(1002)));
}

struct size_case {
  const char* name;
  opcode op;
  std::size_t size;
  std::size_t fragment; ///< 0: in one frame
  std::size_t chop;
};
void PrintTo(const size_case& c, std::ostream* out) { *out << c.name; }

constexpr std::size_t kilo = 1024;
constexpr std::size_t whole = echo_peer::at_once;

class autobahn_9 : public ::testing::TestWithParam<size_case> {};
TEST_P(autobahn_9, is_echoed) {
  const auto& [name, op, size, fragment, chop] = GetParam();
  const std::string payload(size, op == opcode::text ? '*' : '\xfe');
  EXPECT_THAT(echo_peer().give(fragments(op, payload, fragment == 0 ? size : fragment), chop),
              ElementsAre(frame{op, payload}));
}
INSTANTIATE_TEST_SUITE_P(sizes, autobahn_9,
                         ::testing::Values(size_case{"9_1_1", opcode::text, 4 * kilo, 0, whole},
                                           size_case{"9_1_2", opcode::text, 16 * kilo, 0, whole},
                                           size_case{"9_1_3", opcode::text, 64 * kilo, 0, whole},
                                           size_case{"9_1_4", opcode::text, 256 * kilo, 0, whole},
                                           size_case{"9_1_5", opcode::text, 512 * kilo, 0, whole},
                                           size_case{"9_1_6", opcode::text, 1024 * kilo, 0, whole},
                                           size_case{"9_2_1", opcode::binary, 4 * kilo, 0, whole},
                                           size_case{"9_2_2", opcode::binary, 16 * kilo, 0, whole},
                                           size_case{"9_2_3", opcode::binary, 64 * kilo, 0, whole},
                                           size_case{"9_2_4", opcode::binary, 256 * kilo, 0, whole},
                                           size_case{"9_2_5", opcode::binary, 512 * kilo, 0, whole},
                                           size_case{"9_2_6", opcode::binary, 1024 * kilo, 0, whole},
                                           size_case{"9_3_1", opcode::text, 256 * kilo, 64, whole},
                                           size_case{"9_3_2", opcode::text, 256 * kilo, 256, whole},
                                           size_case{"9_3_3", opcode::text, 256 * kilo, 1 * kilo, whole},
                                           size_case{"9_3_4", opcode::text, 256 * kilo, 4 * kilo, whole},
                                           size_case{"9_3_5", opcode::text, 256 * kilo, 16 * kilo, whole},
                                           size_case{"9_3_6", opcode::text, 256 * kilo, 64 * kilo, whole},
                                           size_case{"9_3_7", opcode::text, 256 * kilo, 128 * kilo, whole},
                                           size_case{"9_3_8", opcode::text, 256 * kilo, 192 * kilo, whole},
                                           size_case{"9_3_9", opcode::text, 256 * kilo, 256 * kilo, whole},
                                           size_case{"9_4_1", opcode::binary, 256 * kilo, 64, whole},
                                           size_case{"9_4_2", opcode::binary, 256 * kilo, 256, whole},
                                           size_case{"9_4_3", opcode::binary, 256 * kilo, 1 * kilo, whole},
                                           size_case{"9_4_4", opcode::binary, 256 * kilo, 4 * kilo, whole},
                                           size_case{"9_4_5", opcode::binary, 256 * kilo, 16 * kilo, whole},
                                           size_case{"9_4_6", opcode::binary, 256 * kilo, 64 * kilo, whole},
                                           size_case{"9_4_7", opcode::binary, 256 * kilo, 128 * kilo, whole},
                                           size_case{"9_4_8", opcode::binary, 256 * kilo, 192 * kilo, whole},
                                           size_case{"9_4_9", opcode::binary, 256 * kilo, 256 * kilo, whole},
                                           size_case{"9_5_1", opcode::text, 64 * kilo, 0, 64},
                                           size_case{"9_5_2", opcode::text, 64 * kilo, 0, 128},
                                           size_case{"9_5_3", opcode::text, 64 * kilo, 0, 256},
                                           size_case{"9_5_4", opcode::text, 64 * kilo, 0, 512},
                                           size_case{"9_5_5", opcode::text, 64 * kilo, 0, 1024},
                                           size_case{"9_5_6", opcode::text, 64 * kilo, 0, 2048},
                                           size_case{"9_6_1", opcode::binary, 64 * kilo, 0, 64},
                                           size_case{"9_6_2", opcode::binary, 64 * kilo, 0, 128},
                                           size_case{"9_6_3", opcode::binary, 64 * kilo, 0, 256},
                                           size_case{"9_6_4", opcode::binary, 64 * kilo, 0, 512},
                                           size_case{"9_6_5", opcode::binary, 64 * kilo, 0, 1024},
                                           size_case{"9_6_6", opcode::binary, 64 * kilo, 0, 2048}));

void echoes_many(opcode op) {
  echo_peer peer;
  for (const std::size_t size : {0U, 16U, 64U, 256U, 1024U, 4096U})
    for (int i = 0; i < 100; ++i) {
      const frame message{op, std::string(size, 'x')};
      ASSERT_THAT(peer.give({message}), ElementsAre(message));
    }
}
TEST(autobahn, autobahn_9_7) { echoes_many(opcode::text); }
TEST(autobahn, autobahn_9_8) { echoes_many(opcode::binary); }

TEST(autobahn, autobahn_10_1_1) {
  const std::string payload(65536, '*');
  const auto parts = fragments(opcode::text, payload, 1300);
  EXPECT_EQ(parts.size(), 51U);
  EXPECT_THAT(echo_peer().give(parts), ElementsAre(text_frame(payload)));
}

} // namespace
} // namespace perron::httpd
