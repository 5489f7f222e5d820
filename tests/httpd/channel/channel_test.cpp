// SPDX-License-Identifier: BSD-3-Clause
// The same over every transport, by bytes; what only one of them has is in channel_transport_test.cpp.
#include <perron/httpd/channel/channel.hpp>

#include "httpd/channel/channel_fixture.hpp"

#include <perron/httpd/channel/protocol.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class channel_test : public channel_fixture, public ::testing::WithParamInterface<const char*> {
protected:
  std::unique_ptr<channel_peer> peer(const std::string& id = "the client of this test") {
    return peer_of(GetParam(), id);
  }
};

INSTANTIATE_TEST_SUITE_P(over, channel_test, ::testing::Values("websocket", "events", "polls"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(channel_test, tells_who_one_is_and_what_is_new) {
  serve_channel();
  publish("1");
  publish("2");
  const auto p = peer();
  p->begin(list(subscribe({{"replay", 1}})));
  const json welcome = p->next();
  EXPECT_EQ(welcome["type"], "welcome");
  EXPECT_EQ(welcome["from"], public_name_of(p->id()));
  const json old = p->next();
  EXPECT_EQ(old["type"], "message");
  EXPECT_EQ(old["data"], 2);
  const json begun = p->next();
  EXPECT_EQ(begun["type"], "subscribed");
  EXPECT_EQ(begun["cursor"], old["cursor"]);
  publish("3");
  EXPECT_EQ(p->next()["data"], 3);
}

TEST_P(channel_test, what_is_published_is_acknowledged_and_comes_to_all) {
  serve_channel();
  const auto ann = peer("the client of ann");
  const auto bob = peer("the client of bob");
  for (const auto& each : {&ann, &bob}) {
    (*each)->begin(list(subscribe()));
    (*each)->next("subscribed");
  }
  const json ack = ann->publish(publish_message(1, {{"text", "hello"}}));
  EXPECT_EQ(ack["type"], "ack");
  EXPECT_EQ(ack["number"], 1);
  for (const auto& each : {&ann, &bob}) {
    const json m = (*each)->next("message");
    EXPECT_EQ(m["data"], json({{"text", "hello"}}));
    EXPECT_EQ(m["from"], public_name_of(ann->id()));
    EXPECT_EQ(m["number"], 1);
    EXPECT_EQ(m["cursor"], ack["cursor"]);
  }
}

TEST_P(channel_test, a_repeated_publish_is_acknowledged_and_comes_once) {
  serve_channel();
  const auto p = peer();
  p->begin(list(subscribe()));
  p->next("subscribed");
  const json first = p->publish(publish_message(1, "a"));
  const json again = p->publish(publish_message(1, "a"));
  EXPECT_EQ(again, first);
  EXPECT_EQ(p->publish(publish_message(2, "b"))["type"], "ack");
  EXPECT_EQ(p->next("message")["data"], "a");
  EXPECT_EQ(p->next("message")["data"], "b");
}

TEST_P(channel_test, a_client_that_comes_back_goes_on_behind_its_cursor) {
  serve_channel();
  std::string cursor;
  {
    const auto before = peer();
    before->begin(list(subscribe()));
    before->next("subscribed");
    publish("1");
    cursor = before->next("message")["cursor"];
    publish("2");
  }
  publish("3");
  const auto after = peer();
  after->begin(list(subscribe({{"cursor", cursor}})));
  EXPECT_EQ(after->next("message")["data"], 2);
  EXPECT_EQ(after->next("message")["data"], 3);
}

TEST_P(channel_test, a_topic_that_crashes_is_not_noticed) {
  serve_channel({.store = std::make_shared<memory_store>()});
  const auto p = peer();
  p->begin(list(subscribe()));
  EXPECT_EQ(p->next()["type"], "welcome");
  EXPECT_EQ(p->next()["type"], "subscribed");
  for (const int i : {1, 2, 3}) {
    EXPECT_EQ(p->publish(publish_message(static_cast<std::uint64_t>(i), i))["type"], "ack");
    crash_topic();
  }
  publish("4");
  for (const int i : {1, 2, 3, 4}) {
    const json m = p->next();
    EXPECT_EQ(m["type"], "message");
    EXPECT_EQ(m["data"], i);
  }
}

TEST_P(channel_test, what_was_lost_is_told) {
  serve_channel({.most_entries = 1});
  publish("1");
  const auto p = peer();
  const std::string epoch = to_string(newest()).substr(0, to_string(newest()).find('-'));
  publish("2");
  publish("3");
  p->begin(list(subscribe({{"cursor", epoch + "-1"}}), subscribe({{"topic", "other"}, {"cursor", "abc-7"}})));
  const json gap = p->next("gap");
  if (gap["topic"] == "t") {
    EXPECT_EQ(gap, json({{"type", "gap"}, {"topic", "t"}, {"missed", 1}}));
    EXPECT_EQ(p->next()["data"], 3);
  } else {
    EXPECT_FALSE(gap.contains("missed"));
    EXPECT_TRUE(gap.contains("cursor"));
  }
  const json other = p->next("gap");
  EXPECT_NE(other["topic"], gap["topic"]);
}

TEST_P(channel_test, the_program_says_who_may_do_what) {
  channel_options how;
  how.identify = [](request& r) { return json{{"name", r.query().get("client").value_or("")}}; };
  how.authorise = [](const channel_wish& w) -> runtime::result<void> {
    if (w.topic == "secret" || w.data == "bad")
      return runtime::error{"not for " + w.user["name"].get<std::string>()};
    if (w.what == channel_wish::kind::publish)
      w.data = {{"said", w.data}, {"by", w.user["name"]}};
    return {};
  };
  serve_channel({}, std::move(how));
  const auto p = peer();
  p->begin(list(subscribe({{"topic", "secret"}}), subscribe()));
  EXPECT_EQ(p->next("refused"),
            json({{"type", "refused"}, {"topic", "secret"}, {"why", "not for " + p->id()}}));
  EXPECT_EQ(p->publish(publish_message(1, "bad")),
            json({{"type", "rejected"}, {"topic", "t"}, {"number", 1}, {"why", "not for " + p->id()}}));
  p->next("subscribed");
  EXPECT_EQ(p->publish(publish_message(2, "good"))["type"], "ack");
  EXPECT_EQ(p->next("message")["data"], json({{"said", "good"}, {"by", p->id()}}));
}

TEST_P(channel_test, a_topic_that_does_not_exist_is_refused) {
  serve_channel();
  const auto p = peer();
  p->begin(list(subscribe({{"topic", "no such topic"}})));
  EXPECT_EQ(p->next("refused")["topic"], "no such topic");
  json message = publish_message(1, 1);
  message["topic"] = "no such topic";
  EXPECT_EQ(p->publish(message)["type"], "rejected");
}

TEST_P(channel_test, tells_who_is_there) {
  serve_channel({.grace = at_once});
  const auto ann = peer("the client of ann");
  ann->begin(list(subscribe({{"watch", true}, {"member", {{"key", "ann"}, {"meta", {{"age", 7}}}}}})));
  const json first = ann->next("presence");
  EXPECT_TRUE(first["full"]);
  EXPECT_EQ(first["joined"], json::parse(R"([{"key":"ann","meta":{"age":7}}])"));
  {
    const auto bob = peer("the client of bob");
    bob->begin(list(subscribe({{"member", {{"key", "bob"}}}})));
    bob->next("subscribed");
    EXPECT_EQ(ann->next("presence")["joined"][0]["key"], "bob");
  }
  if (GetParam() == std::string("polls"))
    return; // leases last longer than their clients; see long_poll_test.cpp
  EXPECT_EQ(ann->next("presence")["left"], json({"bob"}));
}

TEST_P(channel_test, several_topics_come_over_one_connection) {
  serve_channel();
  const auto p = peer();
  p->begin(list(subscribe({{"topic", "a"}}), subscribe({{"topic", "b"}})));
  p->next("subscribed");
  p->next("subscribed");
  publish("1", "a");
  EXPECT_EQ(p->next()["topic"], "a");
  publish("2", "b");
  EXPECT_EQ(p->next()["topic"], "b");
}

TEST_P(channel_test, the_topics_of_one_client_are_bounded) {
  channel_options how;
  how.most_topics = 1;
  serve_channel({}, std::move(how));
  const auto p = peer();
  if (GetParam() == std::string("websocket")) {
    p->begin(list(subscribe({{"topic", "a"}}), subscribe({{"topic", "b"}})));
    EXPECT_EQ(p->next("refused")["topic"], "b");
  } else {
    p->begin(list(subscribe({{"topic", "a"}})));
    EXPECT_EQ(p->next("subscribed")["topic"], "a");
  }
}

} // namespace
} // namespace perron::httpd
