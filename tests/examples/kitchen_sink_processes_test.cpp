// SPDX-License-Identifier: BSD-3-Clause
#include "examples/kitchen_sink.hpp"
#include "support/program.hpp"

#include <gmock/gmock.h>

#include <signal.h>

#include <cstddef>
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
