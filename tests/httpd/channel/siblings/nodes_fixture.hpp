// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/channel/channel_peers.hpp"
#include "support/raw_client.hpp"
#include "support/web_program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {

/// A channel in several nodes, each of which has a port of its own. For ordinary threads.
class channel_nodes : public web_program {
public:
  using json = nlohmann::json;

  explicit channel_nodes(unsigned count, std::vector<std::string> more = {})
      : web_program("tests/channel_nodes_program", with({"--processes", std::to_string(count)}, more)) {
    if (web_program::port() != 0)
      take(get(web_program::port(), "/nodes"));
    EXPECT_EQ(nodes_.size(), count);
    nodes_.resize(count);
  }

  std::uint16_t port(unsigned node) const { return nodes_[node].port; }

  /// Kills a node, as by a fault of the memory.
  void kill(unsigned node) const {
    ASSERT_GT(nodes_[node].pid, 0) << "it did not say who it is"; // 0 would be this test
    ::kill(nodes_[node].pid, SIGKILL);
  }
  /// Waits until it is there again; `by` is another.
  void await_replaced(unsigned node, unsigned by) {
    take(
        get(port(by), "/replaced?node=" + std::to_string(node) + "&pid=" + std::to_string(nodes_[node].pid)));
  }
  /// Waits until a node has the state of a topic, which it begins to get now if nobody has asked there yet.
  void await_copy(const std::string& topic, unsigned node) const {
    const auto who = peer("events", node, "await_copy-await_copy-" + std::to_string(node));
    who->begin(subscribe(topic));
    EXPECT_EQ(who->next("subscribed").value("type", ""), "subscribed") << logged();
  }
  /// Ends the process of a topic in one node.
  int crash(const std::string& topic, unsigned node) const {
    return raw_client::to(port(node)).post("/crash/" + topic, "").status;
  }

  std::unique_ptr<channel_peer> peer(const std::string& transport, unsigned node,
                                     const std::string& id) const {
    if (transport == "websocket")
      return std::make_unique<websocket_peer>(port(node), id);
    if (transport == "events")
      return std::make_unique<stream_peer>(port(node), id);
    return std::make_unique<poll_peer>(port(node), id);
  }
  /// Publishes, and gives the place that it got.
  json publish(unsigned node, const std::string& topic, const json& data, const std::string& id,
               unsigned number) const {
    const json done =
        websocket_peer(port(node), id)
            .post(json::array({{{"type", "publish"}, {"topic", topic}, {"number", number}, {"data", data}}}));
    const json first = done.value("messages", json::array()).empty() ? json::object() : done["messages"][0];
    EXPECT_EQ(first.value("type", ""), "ack") << done;
    EXPECT_TRUE(first.contains("cursor")) << done;
    return first.value("cursor", "");
  }

  static json subscribe(const std::string& topic, const json& more = json::object()) {
    json out{{"type", "subscribe"}, {"topic", topic}};
    out.update(more);
    return json::array({out});
  }

private:
  struct process {
    pid_t pid = 0;
    std::uint16_t port = 0;
  };

  static std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static json get(std::uint16_t port, const std::string& target) {
    const answer a = raw_client::to(port).get(target);
    EXPECT_EQ(a.status, 200) << a.body;
    return json::parse(a.body, nullptr, false);
  }
  void take(const json& nodes) {
    ASSERT_TRUE(nodes.is_array()) << nodes;
    nodes_.clear();
    for (const json& each : nodes)
      nodes_.push_back(each.is_object() ? process{each["pid"], each["port"]} : process{});
  }

  std::vector<process> nodes_;
};

} // namespace perron::testing
