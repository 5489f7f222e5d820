// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/state.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace perron::httpd;

topic_state example() {
  topic_state out;
  out.place = 17;
  out.newest = {5, 3};
  out.settled = true;
  out.records = {{2, 100, {"ann", 1}, "1"}, {3, 101, {}, "2"}};
  out.origins = {{{"ann", 1}, 2}};
  out.members = {{{"ann", "{}"}, "secret", {{1, 8}, {2, 9}}, 4}};
  out.generations = 4;
  out.lives = {{8, 0}, {9, 1}};
  return out;
}

TEST(topic_state, comes_back_as_it_was) {
  const std::string bytes = encode(example());
  EXPECT_EQ(decode_topic_state(bytes), example());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_topic_state(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_topic_state(bytes + '\0'));
}

TEST(topic_state, is_none_with_a_hole_in_its_records) {
  topic_state bad = example();
  bad.records.front().id = 1;
  EXPECT_FALSE(decode_topic_state(encode(bad)));
  bad = example();
  bad.newest.id = 4;
  EXPECT_FALSE(decode_topic_state(encode(bad)));
  bad.newest.id = 1;
  EXPECT_FALSE(decode_topic_state(encode(bad)));
}

TEST(topic_state, is_none_without_an_epoch) {
  topic_state bad = example();
  bad.newest.epoch = 0;
  EXPECT_FALSE(decode_topic_state(encode(bad)));
}

TEST(topic_state, may_have_no_records) {
  topic_state empty = example();
  empty.records.clear();
  EXPECT_EQ(decode_topic_state(encode(empty)), empty);
}

TEST(topic_question, comes_back_as_it_was) {
  const std::vector<topic_question> all{
      topic_questions::standing{"lobby", 5}, topic_questions::state{"lobby", 5},
      topic_questions::publish{"lobby", {"ann", 2}, "{}"}, topic_questions::start{"lobby"},
      topic_questions::load{"lobby", 9, 64}};
  ASSERT_EQ(all.size(), std::variant_size_v<topic_question>);
  for (const topic_question& each : all) {
    const std::string bytes = encode(each);
    EXPECT_EQ(decode_topic_question(bytes), each) << each.index();
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_topic_question(std::string_view(bytes).substr(0, size))) << each.index();
    EXPECT_FALSE(decode_topic_question(bytes + 'x')) << each.index();
  }
}

TEST(topic_question, is_answered_by_what_comes_back_as_it_was) {
  const topic_questions::records records{"no", {{2, 100, {"ann", 1}, "1"}}};
  EXPECT_EQ(decode_records(encode(records)), records);
  EXPECT_FALSE(decode_records(encode(records) + 'x'));
  topic_receipt receipt;
  receipt.at = {5, 6};
  receipt.repeated = true;
  receipt.refused = "no";
  receipt.later = true;
  const auto back = decode_receipt(encode(receipt));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->at, receipt.at);
  EXPECT_TRUE(back->repeated && back->later);
  EXPECT_EQ(back->refused, "no");
  EXPECT_FALSE(decode_receipt(encode(receipt) + 'x'));
  std::string strange = encode(receipt);
  strange[16] = '\2'; // a yes or no that is neither
  EXPECT_FALSE(decode_receipt(strange));
}

} // namespace
