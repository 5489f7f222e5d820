// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/channel/channel_peers.hpp"
#include "support/program.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {

/// A channel in several nodes, each of which has a port of its own. For ordinary threads.
class channel_nodes {
public:
  using json = nlohmann::json;

  explicit channel_nodes(unsigned count, std::vector<std::string> more = {})
      : program_(PERRON_BIN_DIR "/tests/channel_nodes_program",
                 with({"--processes", std::to_string(count)}, more)) {
    const std::string line = program_.read_line();
    const std::string begin = "channel_nodes_program: http://127.0.0.1:";
    EXPECT_EQ(line.substr(0, begin.size()), begin) << program_.logged();
    if (line.size() > begin.size())
      take(get(static_cast<std::uint16_t>(std::atoi(line.c_str() + begin.size())), "/nodes"));
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
    EXPECT_EQ(who->next("subscribed").value("type", ""), "subscribed") << program_.logged();
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

  void expect_orderly_end() {
    program_.signal(SIGTERM);
    EXPECT_EQ(program_.wait(), 0) << program_.logged();
    EXPECT_EQ(program_.logged().find("could not be ended"), std::string::npos) << program_.logged();
  }
  std::string logged() const { return program_.logged(); }

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

  program program_;
  std::vector<process> nodes_;
};

} // namespace perron::testing
