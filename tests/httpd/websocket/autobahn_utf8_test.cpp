// SPDX-License-Identifier: BSD-3-Clause
//
// Group 6 of the Autobahn fuzzing client: UTF-8, found out as early as can be. Its cases 6.5 to 6.22 send one
// text each; here a test takes all texts of a group.
#include "httpd/websocket/echo_peer.hpp"

#include <initializer_list>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const std::string greeting = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
const std::string surrogate = kosme + "\xed\xa0\x80" + "edited";

std::vector<frame> in_frames(std::initializer_list<std::string> parts) {
  std::vector<frame> out;
  for (const std::string& part : parts)
    out.push_back({out.empty() ? opcode::text : opcode::continuation, part, false});
  out.back().fin = true;
  return out;
}

TEST(autobahn, autobahn_6_1_1) {
  EXPECT_THAT(echo_peer().give({text_frame("")}), ElementsAre(text_frame("")));
}
TEST(autobahn, autobahn_6_1_2) {
  EXPECT_THAT(echo_peer().give(in_frames({"", "", ""})), ElementsAre(text_frame("")));
}
TEST(autobahn, autobahn_6_1_3) {
  EXPECT_THAT(echo_peer().give(in_frames({"", "middle frame payload", ""})),
              ElementsAre(text_frame("middle frame payload")));
}
TEST(autobahn, autobahn_6_2_1) {
  EXPECT_THAT(echo_peer().give({text_frame(greeting)}), ElementsAre(text_frame(greeting)));
}
TEST(autobahn, autobahn_6_2_2) {
  EXPECT_THAT(echo_peer().give(in_frames({greeting.substr(0, 12), greeting.substr(12)})),
              ElementsAre(text_frame(greeting)));
}
TEST(autobahn, autobahn_6_2_3) {
  EXPECT_THAT(echo_peer().give(fragments(opcode::text, greeting, 1)), ElementsAre(text_frame(greeting)));
}
TEST(autobahn, autobahn_6_2_4) {
  EXPECT_THAT(echo_peer().give(fragments(opcode::text, kosme, 1)), ElementsAre(text_frame(kosme)));
}
TEST(autobahn, autobahn_6_3_1) {
  EXPECT_THAT(echo_peer().give({text_frame(surrogate)}), ElementsAre(closes_with(1007)));
}
TEST(autobahn, autobahn_6_3_2) {
  EXPECT_THAT(echo_peer().give(fragments(opcode::text, surrogate, 1)), ElementsAre(closes_with(1007)));
}

// 6.4: U+110000 follows; the text is bad from its second byte on, and is refused there
const std::string too_high = kosme + "\xf4\x90\x80\x80" + "edited";

TEST(autobahn, autobahn_6_4_1) {
  echo_peer peer;
  EXPECT_THAT(peer.give({frame{opcode::text, kosme, false}}), IsEmpty());
  EXPECT_THAT(peer.give({frame{opcode::continuation, "\xf4\x90\x80\x80", false}}),
              ElementsAre(closes_with(1007)));
}
TEST(autobahn, autobahn_6_4_2) {
  echo_peer peer;
  EXPECT_THAT(peer.give({frame{opcode::text, too_high.substr(0, 12), false}}), IsEmpty());
  EXPECT_THAT(peer.give({frame{opcode::continuation, too_high.substr(12, 1), false}}),
              ElementsAre(closes_with(1007)));
}
/// In pieces of one frame: bytes of the head, then of the text.
void fails_within_the_frame(std::size_t good, std::size_t bad) {
  echo_peer peer;
  const std::string bytes = masked(text_frame(too_high));
  const std::size_t head = bytes.size() - too_high.size();
  EXPECT_THAT(peer.give(bytes.substr(0, head + good)), IsEmpty());
  EXPECT_THAT(peer.give(bytes.substr(head + good, bad)), ElementsAre(closes_with(1007)));
}
TEST(autobahn, autobahn_6_4_3) { fails_within_the_frame(kosme.size(), 4); }
TEST(autobahn, autobahn_6_4_4) { fails_within_the_frame(12, 1); }

void are_good(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts)
    EXPECT_THAT(echo_peer().give({text_frame(text)}), ElementsAre(text_frame(text)));
}
void are_bad(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts)
    EXPECT_THAT(echo_peer().give({text_frame(text)}), ElementsAre(closes_with(1007)))
        << ::testing::PrintToString(text);
}

TEST(autobahn, autobahn_6_5_valid_sequences) {
  are_good({"hello\x24world", "hello\xc2\xa2world", "hello\xe2\x82\xacworld", "hello\xf0\xa4\xad\xa2world",
            kosme});
}
TEST(autobahn, autobahn_6_6_prefixes) {
  for (std::size_t size = 1; size <= kosme.size(); ++size) {
    const bool whole = size == 2 || size == 5 || size == 7 || size == 9 || size == 11;
    whole ? are_good({kosme.substr(0, size)}) : are_bad({kosme.substr(0, size)});
  }
}
TEST(autobahn, autobahn_6_7_first_of_a_length) {
  are_good({std::string(1, '\0'), "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"});
}
TEST(autobahn, autobahn_6_8_first_of_lengths_5_and_6) {
  are_bad({"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"});
}
TEST(autobahn, autobahn_6_9_last_of_a_length) {
  are_good({"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"});
}
TEST(autobahn, autobahn_6_10_last_of_lengths_4_to_6) {
  are_bad({"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"});
}
TEST(autobahn, autobahn_6_11_other_bounds) {
  are_good({"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"});
  are_bad({"\xf4\x90\x80\x80"});
}
TEST(autobahn, autobahn_6_12_unexpected_continuations) {
  are_bad({"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80",
           "\x80\xbf\x80\xbf\x80\xbf"});
  std::string all;
  for (int byte = 0x80; byte < 0xbf; ++byte)
    all += static_cast<char>(byte);
  are_bad({all});
}
TEST(autobahn, autobahn_6_13_lonely_starts) {
  for (const auto& [from, to] :
       {std::pair(0xc0, 0xdf), {0xe0, 0xef}, {0xf0, 0xf7}, {0xf8, 0xfb}, {0xfc, 0xfd}}) {
    std::string all;
    for (int byte = from; byte < to; ++byte)
      (all += static_cast<char>(byte)) += ' ';
    are_bad({all});
  }
}

const std::vector<std::string> unfinished = {
    "\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
    "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"};

TEST(autobahn, autobahn_6_14_last_byte_missing) {
  for (const std::string& text : unfinished)
    are_bad({text});
}
TEST(autobahn, autobahn_6_15_unfinished_in_a_row) {
  std::string all;
  for (const std::string& text : unfinished)
    all += text;
  are_bad({all});
}
TEST(autobahn, autobahn_6_16_impossible_bytes) { are_bad({"\xfe", "\xff", "\xfe\xfe\xff\xff"}); }
TEST(autobahn, autobahn_6_17_overlong_ascii) {
  are_bad(
      {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"});
}
TEST(autobahn, autobahn_6_18_longest_overlong) {
  are_bad(
      {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"});
}
TEST(autobahn, autobahn_6_19_overlong_nul) {
  are_bad(
      {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"});
}
TEST(autobahn, autobahn_6_20_single_surrogates) {
  are_bad({"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80",
           "\xed\xbf\xbf"});
}
TEST(autobahn, autobahn_6_21_paired_surrogates) {
  for (const std::string high : {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"})
    are_bad({high + "\xed\xb0\x80", high + "\xed\xbf\xbf"});
}
TEST(autobahn, autobahn_6_22_non_characters) {
  are_good({"\xef\xbf\xbe", "\xef\xbf\xbf"});
  for (const std::string start :
       {"\xf0\x9f", "\xf0\xaf", "\xf0\xbf", "\xf1\x8f", "\xf1\x9f", "\xf1\xaf", "\xf1\xbf", "\xf2\x8f",
        "\xf2\x9f", "\xf2\xaf", "\xf2\xbf", "\xf3\x8f", "\xf3\x9f", "\xf3\xaf", "\xf3\xbf", "\xf4\x8f"})
    are_good({start + "\xbf\xbe", start + "\xbf\xbf"});
}
TEST(autobahn, autobahn_6_23_specials) {
  are_good({"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd", "\xef\xbf\xbe",
            "\xef\xbf\xbf"});
}

} // namespace
} // namespace perron::httpd
