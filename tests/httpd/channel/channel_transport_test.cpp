// SPDX-License-Identifier: BSD-3-Clause
// What single transports of a channel do, by bytes.
#include "httpd/channel/channel_fixture.hpp"

#include <gmock/gmock.h>

#include <string>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using nlohmann::json;
using ::testing::HasSubstr;

class channel_transport_test : public channel_fixture {
protected:
  static constexpr const char* id = "0123456789abcdef";

  answer post(const std::string& target, const std::string& body) {
    return client().ask("POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
                        channel_peer::with_length(body));
  }
};

TEST_F(channel_transport_test, a_client_without_a_good_id_is_turned_away) {
  serve_channel();
  for (const char* query : {"", "?client=", "?client=short", "?client=0123456789abcde%2F"}) {
    EXPECT_EQ(client().get("/live/events" + std::string(query)).status, 400);
    EXPECT_EQ(client().get("/live/ws" + std::string(query)).status, 400);
    EXPECT_EQ(post("/live/poll" + std::string(query), "[]").status, 400);
    EXPECT_EQ(post("/live/publish" + std::string(query), "[]").status, 400);
  }
}

TEST_F(channel_transport_test, a_program_may_turn_clients_away) {
  channel_options how;
  how.identify = [](request&) -> json { throw http_error(status::forbidden, "not today"); };
  serve_channel({}, std::move(how));
  EXPECT_EQ(client().get("/live/events?client=" + std::string(id)).status, 403);
  EXPECT_EQ(client().get("/live/ws?client=" + std::string(id)).status, 403);
}

TEST_F(channel_transport_test, its_client_is_served_with_it) {
  serve_channel();
  const answer a = client().get("/live/client.js");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(a.body, HasSubstr("export class Channel"));
}

TEST_F(channel_transport_test, a_socket_that_breaks_the_protocol_is_closed_with_a_reason) {
  serve_channel();
  for (const char* text : {"no json", "{}", R"({"type":"subscribe","topic":"t","cursor":"x"})"}) {
    websocket_peer p(server().port, id);
    p.begin(json::array());
    p.next("welcome");
    ASSERT_TRUE(p.socket().send(text_frame(text)));
    EXPECT_EQ(p.next()["type"], "error");
    EXPECT_THAT(p.socket().read().value(), closes_with(1008));
  }
  websocket_peer p(server().port, id);
  p.begin(json::array());
  p.next("welcome");
  ASSERT_TRUE(p.socket().send(binary_frame("{}")));
  EXPECT_THAT(p.socket().read().value(), closes_with(1008));
}

TEST_F(channel_transport_test, a_socket_answers_pings_and_subscribes_as_it_goes) {
  serve_channel();
  websocket_peer p(server().port, id);
  p.begin(json::array());
  p.next("welcome");
  p.send({{"type", "ping"}});
  EXPECT_EQ(p.next()["type"], "pong");
  p.send(subscribe());
  const json begun = p.next("subscribed");
  publish("1");
  EXPECT_EQ(p.next()["data"], 1);
  p.send(subscribe({{"cursor", begun["cursor"]}}));
  EXPECT_EQ(p.next()["data"], 1);
  EXPECT_EQ(p.next()["type"], "subscribed");
  p.send({{"type", "unsubscribe"}, {"topic", "t"}});
  p.send({{"type", "ping"}});
  EXPECT_EQ(p.next()["type"], "pong");
  publish("2");
  p.send(subscribe());
  EXPECT_EQ(p.next()["type"], "subscribed") << "the second one came in between, to nobody";
}

TEST_F(channel_transport_test, many_publishes_of_a_socket_are_answered_in_order) {
  serve_channel();
  websocket_peer p(server().port, id);
  p.begin(json::array());
  for (std::uint64_t i = 1; i <= 20; ++i)
    p.send(publish_message(i, i));
  for (std::uint64_t i = 1; i <= 20; ++i)
    EXPECT_EQ(p.next("ack")["number"], i);
  EXPECT_EQ(newest().id, 20U);
}

TEST_F(channel_transport_test, a_server_that_stops_closes_its_sockets_with_1001) {
  serve_channel();
  websocket_peer p(server().port, id);
  p.begin(list(subscribe()));
  p.next("subscribed");
  begin_stop(server());
  EXPECT_THAT(p.socket().read().value(), closes_with(1001));
  ASSERT_TRUE(p.socket().send(close_frame(1001)));
  EXPECT_EQ(await_end(server()), runtime::exit_reason::shutdown());
}

TEST_F(channel_transport_test, a_stream_has_the_heads_of_one_and_goes_on_behind_the_last_event) {
  serve_channel();
  publish("1");
  publish("2");
  publish("3");
  stream_peer p(server().port, id);
  const std::string last = to_string({newest().epoch, 1});
  p.begin(list(subscribe()), "Last-Event-ID: t " + last + "\r\n");
  EXPECT_THAT(p.head(), HasSubstr("\r\nContent-Type: text/event-stream\r\n"));
  EXPECT_THAT(p.head(), HasSubstr("\r\nCache-Control: no-store, no-transform\r\n"));
  EXPECT_THAT(p.head(), HasSubstr("\r\nX-Accel-Buffering: no\r\n"));
  EXPECT_EQ(p.next("message")["data"], 2);
  EXPECT_EQ(p.next("message")["data"], 3);
}

TEST_F(channel_transport_test, streams_and_polls_only_subscribe) {
  serve_channel();
  const std::string query = "?client=" + std::string(id);
  EXPECT_EQ(client().get("/live/events" + query + "&subscribe=%5B%7B%22type%22:%22ping%22%7D%5D").status,
            400);
  EXPECT_EQ(client().get("/live/events" + query + "&subscribe=x").status, 400);
  EXPECT_EQ(post("/live/poll" + query, R"([{"type":"ping"}])").status, 400);
  EXPECT_EQ(post("/live/poll" + query, "{}").status, 400);
  EXPECT_EQ(post("/live/publish" + query, R"([{"type":"ping"}])").status, 400);
  EXPECT_EQ(client().post("/live/publish" + query, "[]").status, 415);
  EXPECT_EQ(client().get("/live/poll?lease=nobody&cursor=0").status, 410);
}

TEST_F(channel_transport_test, several_publishes_in_one_body_are_answered_in_order) {
  serve_channel();
  stream_peer p(server().port, id);
  json bad = publish_message(2, 2);
  bad["topic"] = "no such topic";
  const json answers = p.post(list(publish_message(1, 1), bad, publish_message(3, 3)))["messages"];
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]["type"], "ack");
  EXPECT_EQ(answers[1]["type"], "rejected");
  EXPECT_EQ(answers[2]["type"], "ack");
  EXPECT_EQ(p.post(list(publish_message(1, 1)))["messages"][0]["type"], "ack") << "long ago, but there";
  EXPECT_EQ(newest().id, 2U);
}

} // namespace
} // namespace perron::httpd
