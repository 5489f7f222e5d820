// SPDX-License-Identifier: BSD-3-Clause
#include "examples/kitchen_sink.hpp"
#include "httpd/channel/channel_peers.hpp"
#include "support/program.hpp"

#include <gmock/gmock.h>

#include <signal.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

kitchen_sink_program kitchen_sink() {
  return kitchen_sink_program({"--port", "0", "--workers", "1", "--processes", "3"});
}

TEST(kitchen_sink_processes, add_up_their_figures) {
  kitchen_sink_program sink = kitchen_sink();
  std::vector<raw_client> clients;
  for (int i = 0; i < 60; ++i) {
    clients.push_back(sink.client());
    EXPECT_EQ(clients.back().get("/hello").status, 200);
  }
  const auto all = stats(clients.front());
  ASSERT_EQ(all["nodes"].size(), 3U);
  std::size_t connections = 0;
  std::set<int> pids;
  for (const auto& node : all["nodes"]) {
    EXPECT_GT(node["connections"], 0) << "the kernel spreads them by chance, and never so badly";
    connections += node["connections"].get<std::size_t>();
    pids.insert(node["pid"].get<int>());
  }
  EXPECT_EQ(connections, 60U);
  EXPECT_EQ(all["http"]["connections"], 60);
  EXPECT_EQ(all["workers"].size(), 3U);
  EXPECT_EQ(pids.size(), 3U);
  sink.expect_orderly_end();
}

TEST(kitchen_sink_processes, publish_to_all_who_poll) {
  kitchen_sink_program sink = kitchen_sink();
  sink.expect_to_reach_all(60);
  sink.expect_orderly_end();
}

TEST(kitchen_sink_processes, chat_in_one_room) {
  kitchen_sink_program sink = kitchen_sink();
  std::vector<raw_client> visitors;
  for (int i = 0; i < 30; ++i) {
    visitors.push_back(sink.client());
    EXPECT_EQ(visitors.back()
                  .ask("GET /ws-chat HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                  .status,
              101);
  }
  // a text frame of five bytes, masked with zeros
  ASSERT_TRUE(visitors.front().send(std::string("\x81\x85\0\0\0\0hello", 11)));
  for (raw_client& v : visitors)
    EXPECT_THAT(v.read_until("hello"), HasSubstr("\x81\x05hello"));
  sink.expect_orderly_end();
}

/// Subscribers of /live by each transport, more and more until every node holds connections of some.
class live_subscribers {
public:
  explicit live_subscribers(const web_program& sink) {
    const nlohmann::json topic = nlohmann::json::array({{{"type", "subscribe"}, {"topic", "news"}}});
    raw_client c = sink.client();
    const auto has_each_node_some = [&] {
      const auto now = stats(c);
      for (const auto& node : now["nodes"])
        if (node["connections"].get<int>() < 2) // one may be that which asks
          return false;
      return true;
    };
    do {
      add<websocket_peer>(sink);
      add<stream_peer>(sink);
      add<poll_peer>(sink);
      for (auto at = peers_.end() - 3; at != peers_.end(); ++at)
        (*at)->begin(topic);
    } while (peers_.size() < 12 || !has_each_node_some());
    for (const auto& p : peers_)
      EXPECT_EQ(p->next("subscribed").value("topic", ""), "news");
  }

  /// Each gets these, in this order and with these places, and nothing else.
  void expect(const std::vector<nlohmann::json>& messages) const {
    for (const auto& p : peers_)
      for (const auto& wanted : messages) {
        const auto m = p->next();
        EXPECT_EQ(m["type"], "message") << m;
        EXPECT_EQ(m["data"], wanted["data"]) << p->id();
        EXPECT_EQ(m["cursor"], wanted["cursor"]) << p->id();
      }
  }

private:
  template <class Peer>
  void add(const web_program& sink) {
    peers_.push_back(
        std::make_unique<Peer>(sink.port(), "subscriber-" + std::to_string(100000 + peers_.size())));
  }

  std::vector<std::unique_ptr<channel_peer>> peers_;
};

TEST(kitchen_sink_processes, bring_what_one_publishes_to_all_who_are_live) {
  kitchen_sink_program sink = kitchen_sink();
  {
    const live_subscribers all(sink);
    // over one socket, so on one node
    websocket_peer publisher(sink.port(), "publisher-of-all");
    publisher.begin(nlohmann::json::array());
    std::vector<nlohmann::json> messages;
    for (int i = 1; i <= 20; ++i) {
      nlohmann::json m{{"type", "publish"}, {"topic", "news"}, {"number", i}, {"data", i}};
      const auto done = publisher.publish(m);
      EXPECT_EQ(done["type"], "ack") << done;
      m["cursor"] = done["cursor"];
      messages.push_back(std::move(m));
    }
    all.expect(messages);
    // each by a connection of its own, so on any
    messages.clear();
    for (int i = 21; i <= 40; ++i) {
      nlohmann::json m{{"type", "publish"}, {"topic", "news"}, {"number", i}, {"data", i}};
      const auto done = publisher.post(nlohmann::json::array({m}))["messages"][0];
      EXPECT_EQ(done["type"], "ack") << done;
      m["cursor"] = done["cursor"];
      messages.push_back(std::move(m));
    }
    all.expect(messages);
  }
  sink.expect_orderly_end();
}

TEST(kitchen_sink_processes, go_on_when_one_is_killed) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client first = sink.client();
  const auto before = stats(first);
  const int victim = before["nodes"][1]["pid"].get<int>();
  ASSERT_EQ(::kill(victim, SIGKILL), 0);
  for (;;) {
    raw_client c; // one may have come to the dead one
    if (!c.connect(sink.port()))
      continue;
    const auto now = stats(c);
    if (!now.is_object())
      continue;
    const auto& node = now["nodes"][1];
    if (node.contains("pid") && node["pid"] != victim)
      break;
  }
  sink.expect_orderly_end();
  EXPECT_THAT(sink.logged(), HasSubstr("kitchen_sink: node 1 (process " + std::to_string(victim) +
                                       ") was ended by signal 9"));
}

} // namespace
} // namespace perron::testing
