// SPDX-License-Identifier: BSD-3-Clause
#include "httpd/channel/siblings/nodes_fixture.hpp"
#include "support/program.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace perron::testing {
namespace {

using json = nlohmann::json;

constexpr unsigned nodes = 3;
/// So many messages publishers are ahead of the slowest follower, so that the history holds what it needs.
constexpr std::uint64_t most_ahead = 3000;
const std::string topic = "long";

/// Where the nodes listen now; a node that is away refuses.
using ports = std::array<std::atomic<std::uint16_t>, nodes>;
/// How many messages all have published.
using sum = std::atomic<std::uint64_t>;

/// A client that gets everything by a stream, and goes on elsewhere behind its cursor when its node dies.
class follower {
public:
  follower(const ports& where, unsigned first, std::latch& begun)
      : where_(where), node_(first), begun_(begun), runs_([this] { run(); }) {}
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;
  ~follower() {
    over_ = true;
    await_end();
  }

  /// Waits until it has got so many messages.
  void await(std::size_t count) const {
    for (std::size_t now = count_; now < count; now = count_)
      count_.wait(now);
  }
  /// Waits until it has got the message "end".
  void await_end() {
    if (runs_.joinable())
      runs_.join();
  }
  const std::vector<json>& got() const { return got_; }

private:
  void run() {
    for (; !over_; node_ = (node_ + 1) % nodes)
      follow();
  }
  void follow() {
    raw_client stream;
    const json what = channel_nodes::subscribe(topic, got_.empty() ? json::object()
                                                                   : json{{"cursor", got_.back()["cursor"]}});
    if (!stream.connect(where_[node_]) ||
        !stream.send("GET /live/events?client=follower-follower&subscribe=" + percent_encoded(what.dump()) +
                     " HTTP/1.1\r\nHost: test\r\n\r\n"))
      return;
    while (!over_) {
      const std::string chunk = stream.read_until("\n\n\r\n");
      const std::size_t data = chunk.find("data: ");
      if (data == std::string::npos || !chunk.ends_with("\n\n\r\n"))
        return;
      json m = json::parse(chunk.substr(data + 6, chunk.size() - data - 10), nullptr, false);
      if (m["type"] == "subscribed" && !std::exchange(told_, true))
        begun_.count_down();
      if (m["type"] != "message" && m["type"] != "gap")
        continue;
      if (m["data"] == "end")
        over_ = true;
      else
        got_.push_back(std::move(m));
      count_ = got_.size();
      count_.notify_all();
    }
  }

  const ports& where_;
  unsigned node_;
  std::latch& begun_;
  bool told_ = false;
  std::atomic<bool> over_ = false;
  std::atomic<std::size_t> count_ = 0;
  std::vector<json> got_;
  std::thread runs_;
};

/// A client that publishes numbers until it is told to end, each until it has an answer, and the next one on
/// another node.
class publisher {
public:
  publisher(const ports& where, unsigned first, sum& published, const std::array<follower, nodes>& followers)
      : where_(where), published_(published), followers_(followers),
        id_("publisher-publisher-" + std::to_string(first)), node_(first), runs_([this] { run(); }) {}
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;
  ~publisher() { end(); }

  void end() {
    over_ = true;
    if (runs_.joinable())
      runs_.join();
  }

private:
  void run() {
    while (!over_) {
      publish(done_ + 1);
      if (const std::uint64_t all = ++published_; all > most_ahead)
        for (const follower& each : followers_)
          each.await(all - most_ahead);
    }
  }
  void publish(std::uint64_t number) {
    const json body =
        json::array({{{"type", "publish"}, {"topic", topic}, {"number", number}, {"data", number}}});
    for (;; node_ = (node_ + 1) % nodes) {
      raw_client c;
      if (!c.connect(where_[node_]))
        continue;
      const answer a = c.ask("POST /live/publish?client=" + id_ +
                             " HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n" +
                             channel_peer::with_length(body.dump()));
      const json said = a.status == 200 ? json::parse(a.body, nullptr, false)["messages"] : json();
      if (!said.is_array() || said.empty())
        continue;
      EXPECT_EQ(said[0]["type"], "ack") << a.body;
      done_ = number;
      node_ = (node_ + 1) % nodes;
      return;
    }
  }

  const ports& where_;
  sum& published_;
  const std::array<follower, nodes>& followers_;
  std::string id_;
  unsigned node_;
  std::atomic<bool> over_ = false;
  std::uint64_t done_ = 0;
  std::thread runs_;
};

/// Each message of each publisher once and in order, and nothing else.
void expect_all_once(const follower& who, std::uint64_t published) {
  std::map<std::string, std::uint64_t> last;
  std::uint64_t count = 0;
  for (const json& m : who.got()) {
    ASSERT_EQ(m["type"], "message") << m;
    ASSERT_EQ(m["data"], ++last[m["from"]]) << m;
    ++count;
  }
  EXPECT_EQ(count, published);
}

class killed_nodes : public ::testing::TestWithParam<bool> {};

/// Every node is killed in turn while messages flow, also the one that has the store if there is one.
TEST_P(killed_nodes, lose_nothing_and_repeat_nothing) {
  const temporary_folder folder;
  std::vector<std::string> more;
  if (GetParam())
    more = {"--store", (folder.path() / "history").string()};
  channel_nodes all(nodes, more);
  ports where;
  const auto look = [&] {
    for (unsigned node = 0; node < nodes; ++node)
      where[node] = all.port(node);
  };
  look();
  std::latch begun(nodes);
  std::array<follower, nodes> followers{follower(where, 0, begun), follower(where, 1, begun),
                                        follower(where, 2, begun)};
  begun.wait();
  sum published = 0;
  std::array<publisher, 2> publishers{publisher(where, 0, published, followers),
                                      publisher(where, 1, published, followers)};
  for (unsigned victim = 0; victim < nodes; ++victim) {
    followers[(victim + 1) % nodes].await(200 * (victim + 1));
    all.kill(victim);
    all.await_replaced(victim, (victim + 1) % nodes);
    look();
    // A node has a topic from when somebody asks for it there. What nobody else has dies with the next one.
    all.await_copy(topic, victim);
  }
  for (publisher& each : publishers)
    each.end();
  all.publish(0, topic, "end", "publisher-publisher-9", 1);
  for (follower& each : followers) {
    each.await_end();
    expect_all_once(each, published);
  }
  for (std::size_t i = 0; i < published; ++i)
    for (const follower& each : followers)
      ASSERT_EQ(each.got()[i]["cursor"], followers[0].got()[i]["cursor"]);
}

INSTANTIATE_TEST_SUITE_P(channel, killed_nodes, ::testing::Bool(),
                         [](const auto& its) { return its.param ? "with_a_store" : "without_a_store"; });

} // namespace
} // namespace perron::testing
