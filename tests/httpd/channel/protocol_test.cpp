// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/protocol.hpp>

#include <perron/httpd/response.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace perron::httpd {
namespace {

using nlohmann::json;
using kind = channel_request::kind;

int status_of(const std::string& text) {
  try {
    parse_channel_request(text);
  } catch (const http_error& e) {
    return e.status();
  }
  return 0;
}

TEST(channel_protocol, a_subscription_needs_a_topic_only) {
  const auto plain = parse_channel_request(R"({"type":"subscribe","topic":"t"})");
  EXPECT_EQ(plain.what, kind::subscribe);
  EXPECT_EQ(plain.topic, "t");
  EXPECT_FALSE(plain.from.behind);
  EXPECT_FALSE(plain.watch);
  EXPECT_EQ(plain.member, std::nullopt);
  const auto full = parse_channel_request(
      R"({"type":"subscribe","topic":"t","cursor":"ab-7","replay":3,"watch":true,"member":{"key":"ann","meta":{"a":1}}})");
  EXPECT_EQ(full.from.behind, (topic_cursor{0xab, 7}));
  EXPECT_EQ(full.from.replay, 3U);
  EXPECT_TRUE(full.watch);
  EXPECT_EQ(full.member, (presence_member{"ann", R"({"a":1})"}));
  EXPECT_EQ(parse_channel_request(R"({"type":"subscribe","topic":"t","member":{"key":"ann"},"cursor":null})")
                .member,
            (presence_member{"ann", "null"}));
}

TEST(channel_protocol, a_publish_has_a_number_and_data_of_any_kind) {
  for (const char* data : {"null", "1", R"("a")", R"({"a":[1]})", "false"}) {
    const auto p = parse_channel_request(R"({"type":"publish","topic":"t","number":7,"data":)" +
                                         std::string(data) + "}");
    EXPECT_EQ(p.what, kind::publish);
    EXPECT_EQ(p.number, 7U);
    EXPECT_EQ(p.data.dump(), data);
  }
}

TEST(channel_protocol, the_rest) {
  EXPECT_EQ(parse_channel_request(R"({"type":"ping"})").what, kind::ping);
  EXPECT_EQ(parse_channel_request(R"({"type":"unsubscribe","topic":"t"})").what, kind::unsubscribe);
}

TEST(channel_protocol, what_is_no_message_is_a_bad_request) {
  for (const char* text : {"",
                           "x",
                           "1",
                           "[]",
                           "{}",
                           R"({"type":1})",
                           R"({"type":"other","topic":"t"})",
                           R"({"type":"subscribe"})",
                           R"({"type":"subscribe","topic":""})",
                           R"({"type":"subscribe","topic":7})",
                           R"({"type":"subscribe","topic":"t","cursor":"x"})",
                           R"({"type":"subscribe","topic":"t","cursor":7})",
                           R"({"type":"subscribe","topic":"t","replay":-1})",
                           R"({"type":"subscribe","topic":"t","replay":1.5})",
                           R"({"type":"subscribe","topic":"t","watch":1})",
                           R"({"type":"subscribe","topic":"t","member":"ann"})",
                           R"({"type":"subscribe","topic":"t","member":{"key":""}})",
                           R"({"type":"publish","topic":"t","data":1})",
                           R"({"type":"publish","topic":"t","number":0,"data":1})",
                           R"({"type":"publish","topic":"t","number":1})",
                           "{\"type\":\"publish\",\"topic\":\"t\",\"number\":1,\"data\":\"\xff\"}"})
    EXPECT_EQ(status_of(text), 400) << text;
  EXPECT_EQ(status_of(R"({"type":"publish","topic":"t","number":1,"data":)" + std::string(10'000, '[')), 400);
  EXPECT_EQ(status_of(R"({"type":"subscribe","topic":")" + std::string(129, 'a') + R"("})"), 400);
  EXPECT_EQ(status_of(R"({"type":"subscribe","topic":"t","member":{"key":"k","meta":")" +
                      std::string(2000, 'a') + R"("}})"),
            400);
}

TEST(channel_protocol, several_messages_are_an_array_of_bounded_length) {
  EXPECT_EQ(parse_channel_requests(json::parse(R"([{"type":"ping"},{"type":"ping"}])"), 2).size(), 2U);
  EXPECT_THROW(parse_channel_requests(json::parse(R"([{"type":"ping"},{"type":"ping"}])"), 1), http_error);
  EXPECT_THROW(parse_channel_requests(json::parse("{}"), 1), http_error);
  EXPECT_THROW(parse_channel_requests(json::parse("[1]"), 1), http_error);
}

TEST(channel_protocol, a_client_has_a_name_for_others_that_does_not_give_its_id_away) {
  const std::string id = "0123456789abcdef";
  EXPECT_EQ(public_name_of(id), "9f9f5111f7b27a781f1f1ddd");
  EXPECT_EQ(public_name_of(id).find(id), std::string::npos);
  EXPECT_NE(public_name_of(id), public_name_of(id + "0"));
  EXPECT_TRUE(is_client_id(id));
  EXPECT_FALSE(is_client_id("short"));
  EXPECT_FALSE(is_client_id(id + "/"));
  EXPECT_FALSE(is_client_id(std::string(65, 'a')));
}

TEST(channel_protocol, what_the_channel_tells_is_json_whatever_is_in_it) {
  const std::string odd = "a\"\\\n\xff";
  for (const std::string& text :
       {welcome_message(odd), subscribed_message(odd, {1, 2}), refused_message(odd, odd), error_message(odd),
        receipt_message(odd, 1, {}), std::string(pong_message), std::string(beat_message)})
    EXPECT_TRUE(json::parse(text).contains("type")) << text;

  topic_batch batch;
  batch.next = {1, 7};
  batch.missed = 3;
  EXPECT_EQ(json::parse(gap_message("t", batch)),
            json({{"type", "gap"}, {"topic", "t"}, {"missed", 3}, {"cursor", "1-7"}}));
  batch.missed.reset();
  batch.entries.push_back(std::make_shared<topic_entry>("t", 1, topic_record{7, 0, {}, "1"}));
  EXPECT_EQ(json::parse(gap_message("t", batch)), json({{"type", "gap"}, {"topic", "t"}}));

  presence_change change;
  change.full = true;
  change.settled = false;
  change.joined = {{"ann", R"({"a":1})"}};
  EXPECT_EQ(json::parse(presence_message("t", change)),
            json::parse(R"({"type":"presence","topic":"t","joined":[{"key":"ann","meta":{"a":1}}],"left":[],
                            "full":true,"settled":false})"));
  topic_receipt no;
  no.refused = "why";
  EXPECT_EQ(json::parse(receipt_message("t", 3, no)),
            json({{"type", "rejected"}, {"topic", "t"}, {"number", 3}, {"why", "why"}}));
  topic_receipt yes;
  yes.at = {1, 2};
  EXPECT_EQ(json::parse(receipt_message("t", 3, yes)),
            json({{"type", "ack"}, {"topic", "t"}, {"number", 3}, {"cursor", "1-2"}}));
}

} // namespace
} // namespace perron::httpd
