// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/relay.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

namespace perron::siblings::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class siblings_relay : public ::testing::Test {
protected:
  /// "0,2: news 1 of 0" and the like, since the last time.
  std::vector<std::string> given() { return std::exchange(given_, {}); }

  void all_up() {
    for (unsigned node = 0; node < 3; ++node) {
      relay_.connected(node);
      relay_.take(node, {.kind = frame_kind::ready});
    }
    given();
    relay_.take_orders();
  }

  bool say(unsigned from, frame_kind kind, const std::string& text = {}, std::uint32_t to = 0,
           std::uint64_t number = 0) {
    return relay_.take(from, {.kind = kind,
                              .node = to,
                              .code = good,
                              .number = number,
                              .topic = "t",
                              .bytes = std::make_shared<const std::string>(text)});
  }

  relay relay_{3, [this](const std::vector<unsigned>& to, const frame& what) { note(to, what); }};

private:
  void note(const std::vector<unsigned>& to, const frame& what) {
    std::string line;
    for (const unsigned each : to)
      line += std::to_string(each);
    const std::string node = std::to_string(what.node);
    const std::string number = std::to_string(what.number);
    if (what.kind == frame_kind::news)
      line += " news " + number + " of " + node + ' ' + std::string(what.text());
    else if (what.kind == frame_kind::change)
      line += ' ' + node + (what.code != 0 ? " up" : " down");
    else if (what.kind == frame_kind::question)
      line += " question " + number + " of " + node;
    else if (what.kind == frame_kind::answer)
      line += " answer " + number + " of " + node +
              (what.code == good       ? ""
               : what.code == ENOTCONN ? " not there"
                                       : " ?");
    given_.push_back(line);
  }

  std::vector<std::string> given_;
};

TEST_F(siblings_relay, gives_publishes_to_all_and_numbers_them) {
  all_up();
  EXPECT_TRUE(say(1, frame_kind::publish, "a"));
  EXPECT_TRUE(say(0, frame_kind::publish, "b"));
  EXPECT_THAT(given(), ElementsAre("012 news 1 of 1 a", "012 news 2 of 0 b"));
}

TEST_F(siblings_relay, gives_news_to_a_node_that_is_not_up_yet_and_to_none_that_is_gone) {
  relay_.connected(0);
  relay_.connected(2);
  say(0, frame_kind::publish, "a");
  relay_.gone(2);
  say(0, frame_kind::publish, "b");
  EXPECT_THAT(given(), ElementsAre("02 news 1 of 0 a", "0 news 2 of 0 b"));
}

TEST_F(siblings_relay, tells_of_ups_and_downs) {
  relay_.connected(0);
  say(0, frame_kind::ready);
  relay_.connected(1);
  say(1, frame_kind::ready);
  say(1, frame_kind::ready);
  relay_.gone(0);
  relay_.connected(0);
  relay_.gone(0); // was not up
  EXPECT_THAT(given(), ElementsAre("0 0 up", "1 0 up", "01 1 up", "1 0 down", "0 1 up"));
}

TEST_F(siblings_relay, passes_questions_and_answers_on) {
  all_up();
  EXPECT_TRUE(say(0, frame_kind::question, "?", 2, 7));
  EXPECT_TRUE(say(2, frame_kind::answer, "!", 0, 7));
  EXPECT_TRUE(say(1, frame_kind::question, "?", every_node, 8));
  EXPECT_THAT(given(), ElementsAre("2 question 7 of 0", "0 answer 7 of 2", "012 question 8 of 1"));
}

TEST_F(siblings_relay, answers_for_those_who_are_not_up) {
  all_up();
  relay_.gone(1);
  relay_.connected(1);
  given();
  say(0, frame_kind::question, "?", 1, 7);
  say(0, frame_kind::question, "?", every_node, 8);
  EXPECT_THAT(given(),
              ElementsAre("0 answer 7 of 1 not there", "0 answer 8 of 1 not there", "02 question 8 of 0"));
  relay_.gone(2);
  given();
  say(0, frame_kind::answer, "!", 2, 9); // who asked is gone
  EXPECT_THAT(given(), IsEmpty());
}

TEST_F(siblings_relay, trusts_nobody) {
  all_up();
  for (const frame_kind kind : {frame_kind::news, frame_kind::change, frame_kind::ping, frame_kind::stop})
    EXPECT_FALSE(say(0, kind));
  EXPECT_FALSE(say(0, frame_kind::question, "?", 3, 1));
  EXPECT_FALSE(say(0, frame_kind::answer, "!", 3, 1));
  EXPECT_THAT(given(), IsEmpty());
}

TEST_F(siblings_relay, announces_one_line_when_all_are_up) {
  for (unsigned node = 0; node < 3; ++node) {
    relay_.connected(node);
    say(node, frame_kind::announcement, "line " + std::to_string(node));
  }
  say(0, frame_kind::ready);
  say(1, frame_kind::ready);
  EXPECT_EQ(relay_.take_orders().announcement, "");
  say(2, frame_kind::ready);
  const relay::orders now = relay_.take_orders();
  EXPECT_TRUE(now.all_up);
  EXPECT_EQ(now.announcement, "line 0");
  relay_.gone(0);
  relay_.connected(0);
  say(0, frame_kind::announcement, "again");
  say(0, frame_kind::ready);
  const relay::orders then = relay_.take_orders();
  EXPECT_FALSE(then.all_up);
  EXPECT_EQ(then.announcement, "");
}

TEST_F(siblings_relay, announces_what_comes_after_all_are_up) {
  all_up();
  say(1, frame_kind::announcement, "late");
  EXPECT_EQ(relay_.take_orders().announcement, "late");
}

TEST_F(siblings_relay, passes_the_wish_to_stop_on) {
  all_up();
  say(1, frame_kind::stop_all);
  EXPECT_TRUE(relay_.take_orders().stop_all);
  EXPECT_FALSE(relay_.take_orders().stop_all);
}

} // namespace
} // namespace perron::siblings::core
