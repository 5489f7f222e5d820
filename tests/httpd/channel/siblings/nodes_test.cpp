// SPDX-License-Identifier: BSD-3-Clause
#include "httpd/channel/siblings/nodes_fixture.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace perron::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using json = nlohmann::json;

std::string id_of(const std::string& who) { return (who + "----------------").substr(0, 16); }

class channel_in_nodes : public ::testing::TestWithParam<std::string> {};

/// Who subscribes by this transport on one node gets what is published on the others.
TEST_P(channel_in_nodes, brings_what_any_node_publishes) {
  channel_nodes all(3);
  const auto peer = all.peer(GetParam(), 0, id_of("ann"));
  peer->begin(channel_nodes::subscribe("t"));
  peer->next("subscribed");
  const json first = all.publish(1, "t", "one", id_of("bob"), 1);
  const json second = all.publish(2, "t", "two", id_of("cid"), 1);
  const json third = all.publish(0, "t", "three", id_of("bob"), 2);
  for (const auto& [cursor, data] : {std::pair(first, "one"), {second, "two"}, {third, "three"}}) {
    const json m = peer->next();
    EXPECT_EQ(m["data"], data) << m;
    EXPECT_EQ(m["cursor"], cursor);
  }
  all.expect_orderly_end();
}

/// A client may come back to any node with its cursor.
TEST_P(channel_in_nodes, goes_on_behind_a_cursor_on_any_node) {
  channel_nodes all(3);
  const json first = all.publish(0, "t", 1, id_of("bob"), 1);
  all.publish(1, "t", 2, id_of("bob"), 2);
  all.publish(2, "t", 3, id_of("bob"), 3);
  for (unsigned node = 0; node < 3; ++node) {
    const auto peer = all.peer(GetParam(), node, id_of("ann"));
    peer->begin(channel_nodes::subscribe("t", {{"cursor", first}}));
    EXPECT_EQ(peer->next("message")["data"], 2);
    EXPECT_EQ(peer->next("message")["data"], 3);
    EXPECT_EQ(peer->next()["type"], "subscribed");
  }
  all.expect_orderly_end();
}

INSTANTIATE_TEST_SUITE_P(over, channel_in_nodes, ::testing::Values("websocket", "events", "polls"),
                         [](const auto& its) { return its.param; });

/// As of a client whose node was before this one, and has died.
json cursor_ahead(const json& of, unsigned by) {
  const std::string text = of;
  const std::size_t mark = text.rfind('-') + 1;
  return text.substr(0, mark) + std::to_string(std::stoul(text.substr(mark)) + by);
}

TEST(channel_nodes, let_a_client_wait_that_is_ahead_of_them) {
  channel_nodes all(3);
  const json first = all.publish(0, "t", 1, id_of("bob"), 1);
  std::vector<std::unique_ptr<channel_peer>> peers;
  for (unsigned node = 0; node < 3; ++node) {
    all.await_copy("t", node);
    peers.push_back(all.peer("websocket", node, id_of("ann")));
    json wishes = channel_nodes::subscribe("t", {{"cursor", cursor_ahead(first, 2)}});
    wishes.push_back({{"type", "ping"}});
    peers.back()->begin(wishes);
    EXPECT_EQ(peers.back()->next("pong")["type"], "pong") << "the topic has been asked";
  }
  for (unsigned number = 2; number <= 4; ++number)
    all.publish(number % 3, "t", number, id_of("bob"), number);
  for (const auto& peer : peers) {
    std::vector<std::string> types;
    while (types.empty() || types.back() != "message") {
      const json m = peer->next();
      types.push_back(m["type"]);
      EXPECT_TRUE(types.back() != "message" || m["data"] == 4) << m;
    }
    EXPECT_THAT(types, ElementsAre("subscribed", "message"));
  }
  all.expect_orderly_end();
}

TEST(channel_nodes, tell_a_client_of_a_gap_that_nobody_fills) {
  channel_nodes all(2);
  const json first = all.publish(0, "brief", 1, id_of("bob"), 1);
  for (unsigned node = 0; node < 2; ++node) {
    const auto peer = all.peer("websocket", node, id_of("ann"));
    peer->begin(channel_nodes::subscribe("brief", {{"cursor", cursor_ahead(first, 2)}}));
    EXPECT_EQ(peer->next("gap")["cursor"], first);
  }
  all.expect_orderly_end();
}

TEST(channel_nodes, know_a_publish_that_is_repeated_elsewhere) {
  channel_nodes all(3);
  const json cursor = all.publish(0, "t", "x", id_of("bob"), 1);
  EXPECT_EQ(all.publish(1, "t", "x", id_of("bob"), 1), cursor);
  EXPECT_EQ(all.publish(2, "t", "x", id_of("bob"), 1), cursor);
  EXPECT_NE(all.publish(2, "t", "y", id_of("bob"), 2), cursor);
  all.expect_orderly_end();
}

TEST(channel_nodes, pass_a_poll_on_to_the_node_of_its_lease) {
  channel_nodes all(2);
  raw_client begin = raw_client::to(all.port(0));
  const answer begun = begin.ask("POST /live/poll?client=" + id_of("ann") +
                                 " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
                                 channel_peer::with_length(channel_nodes::subscribe("t").dump()));
  const std::string lease = json::parse(begun.body)["lease"];
  const auto poll = [&](unsigned node, const json& cursor) {
    return raw_client::to(all.port(node)).get("/live/poll?lease=" + lease + "&cursor=" + cursor.dump());
  };
  std::vector<std::string> types;
  json cursor = 0;
  while (types.empty() || types.back() != "subscribed") {
    const answer a = poll(1, cursor);
    ASSERT_EQ(a.status, 200) << a.body;
    const json news = json::parse(a.body);
    cursor = news["cursor"];
    for (const json& each : news["events"])
      types.push_back(each["type"]);
  }
  EXPECT_THAT(types, ElementsAre("welcome", "subscribed"));
  all.publish(1, "t", "x", id_of("bob"), 1);
  EXPECT_EQ(json::parse(poll(1, cursor).body)["events"][0]["data"], "x");
  EXPECT_EQ(json::parse(poll(0, cursor).body)["events"][0]["data"], "x") << "again, for nobody said it came";
  all.kill(0);
  EXPECT_EQ(poll(1, cursor).status, 410) << "to begin anew by the cursors of its topics";
}

TEST(channel_nodes, tell_of_members_on_all_of_them) {
  channel_nodes all(3);
  websocket_peer watcher(all.port(0), id_of("watcher"));
  watcher.begin(channel_nodes::subscribe("brief", {{"watch", true}}));
  EXPECT_EQ(watcher.next("presence")["joined"], json::array());
  {
    websocket_peer ann(all.port(1), id_of("ann"));
    ann.begin(channel_nodes::subscribe("brief", {{"member", {{"key", "ann"}, {"meta", 1}}}}));
    EXPECT_EQ(watcher.next("presence")["joined"][0]["key"], "ann");
    websocket_peer late(all.port(2), id_of("late"));
    late.begin(channel_nodes::subscribe("brief", {{"watch", true}}));
    EXPECT_EQ(late.next("presence")["joined"][0]["key"], "ann")
        << "a node that asks later knows them as well";
  }
  EXPECT_EQ(watcher.next("presence")["left"], json::array({"ann"}));
  all.expect_orderly_end();
}

TEST(channel_nodes, give_a_key_to_one_client_only) {
  channel_nodes all(2);
  websocket_peer ann(all.port(0), id_of("ann"));
  ann.begin(channel_nodes::subscribe("unique", {{"member", {{"key", "ann"}}}}));
  ann.next("subscribed");
  websocket_peer other(all.port(1), id_of("other"));
  other.begin(channel_nodes::subscribe("unique", {{"member", {{"key", "ann"}}}}));
  EXPECT_EQ(other.next("refused")["why"], "somebody else has this name");
  all.expect_orderly_end();
}

TEST(channel_nodes, let_members_of_a_dead_node_leave) {
  channel_nodes all(3);
  websocket_peer watcher(all.port(0), id_of("watcher"));
  watcher.begin(channel_nodes::subscribe("brief", {{"watch", true}}));
  watcher.next("presence");
  websocket_peer ann(all.port(1), id_of("ann"));
  ann.begin(channel_nodes::subscribe("brief", {{"member", {{"key", "ann"}}}}));
  EXPECT_EQ(watcher.next("presence")["joined"][0]["key"], "ann");
  all.kill(1);
  EXPECT_EQ(watcher.next("presence")["left"], json::array({"ann"}));
}

/// Only one of those who begin at once founds the history.
TEST(channel_nodes, found_one_history_however_many_begin_at_once) {
  constexpr unsigned nodes = 3;
  constexpr unsigned topics = 40;
  channel_nodes all(nodes);
  std::array<std::vector<std::string>, nodes> cursors;
  std::vector<std::thread> clients;
  for (unsigned node = 0; node < nodes; ++node)
    clients.emplace_back([&, node] {
      for (unsigned t = 0; t < topics; ++t)
        cursors[node].push_back(
            all.publish(node, "t" + std::to_string(t), node, id_of("client-" + std::to_string(node)), 1));
    });
  for (std::thread& each : clients)
    each.join();
  for (unsigned t = 0; t < topics; ++t) {
    const std::string epoch = cursors[0][t].substr(0, cursors[0][t].find('-'));
    std::vector<std::string> places;
    for (const auto& each : cursors)
      places.push_back(each[t]);
    EXPECT_THAT(places, UnorderedElementsAre(epoch + "-1", epoch + "-2", epoch + "-3"));
  }
  all.expect_orderly_end();
}

/// Without a store: the copies of the others are the history.
TEST(channel_nodes, give_a_topic_that_crashed_its_history_back) {
  channel_nodes all(2);
  websocket_peer ann(all.port(0), id_of("ann"));
  ann.begin(channel_nodes::subscribe("t"));
  ann.next("subscribed");
  const json first = all.publish(1, "t", 1, id_of("bob"), 1);
  EXPECT_EQ(ann.next()["cursor"], first);
  ASSERT_EQ(all.crash("t", 0), 204);
  all.publish(1, "t", 2, id_of("bob"), 2);
  all.publish(0, "t", 3, id_of("bob"), 3);
  EXPECT_EQ(ann.next()["data"], 2) << "and no gap";
  EXPECT_EQ(ann.next()["data"], 3);
  websocket_peer late(all.port(0), id_of("late"));
  late.begin(channel_nodes::subscribe("t", {{"cursor", first}}));
  EXPECT_EQ(late.next("message")["data"], 2);
}

/// With a store: one node has it, and the others have from it what they do not keep in memory.
TEST(channel_nodes, read_what_is_long_ago_from_the_store_of_one) {
  const temporary_folder folder;
  channel_nodes all(3, {"--store", (folder.path() / "history").string()});
  json first;
  for (unsigned n = 1; n <= 12; ++n) {
    const json cursor = all.publish(n % 3, "small", n, id_of("bob"), n);
    if (n == 1)
      first = cursor;
  }
  for (unsigned node = 0; node < 3; ++node) {
    websocket_peer late(all.port(node), id_of("late"));
    late.begin(channel_nodes::subscribe("small", {{"cursor", first}}));
    for (unsigned n = 2; n <= 12; ++n)
      EXPECT_EQ(late.next("message")["data"], n) << node;
  }
  all.expect_orderly_end();
}

TEST(channel_nodes, go_on_with_the_store_when_all_have_crashed) {
  const temporary_folder folder;
  channel_nodes all(2, {"--store", (folder.path() / "history").string()});
  websocket_peer ann(all.port(0), id_of("ann"));
  ann.begin(channel_nodes::subscribe("t"));
  ann.next("subscribed");
  all.publish(1, "t", 1, id_of("bob"), 1);
  EXPECT_EQ(ann.next()["data"], 1);
  EXPECT_EQ(all.crash("t", 0), 204);
  EXPECT_EQ(all.crash("t", 1), 204);
  all.publish(1, "t", 2, id_of("bob"), 2);
  EXPECT_EQ(ann.next()["data"], 2) << "and no gap";
}

TEST(channel_nodes, tell_of_a_gap_where_no_copy_is_left) {
  channel_nodes all(1);
  websocket_peer ann(all.port(0), id_of("ann"));
  ann.begin(channel_nodes::subscribe("t"));
  ann.next("subscribed");
  all.publish(0, "t", 1, id_of("bob"), 1);
  EXPECT_EQ(ann.next()["data"], 1);
  ASSERT_EQ(all.crash("t", 0), 204);
  EXPECT_EQ(ann.next()["type"], "gap");
}

} // namespace
} // namespace perron::testing
