// SPDX-License-Identifier: BSD-3-Clause
#include "examples/kitchen_sink.hpp"
#include "support/loopback.hpp"
#include "support/program.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace perron::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

kitchen_sink_program kitchen_sink() { return kitchen_sink_program({"--port", "0", "--workers", "2"}); }

TEST(kitchen_sink, has_every_kind_of_handler) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client c = sink.client();
  const answer hello = c.get("/hello");
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body, "Hello, world!");
  EXPECT_EQ(hello.field("Content-Type"), "text/plain");
  EXPECT_EQ(hello.field("Content-Length"), "13");
  EXPECT_EQ(c.post("/echo", "as you say").body, "as you say");
  EXPECT_EQ(c.get("/sleep?ms=1").body, "slept\n");
  EXPECT_EQ(c.get("/spin?ms=1").body, "spun\n");
  EXPECT_EQ(c.get("/nothing").status, 404);
  EXPECT_EQ(c.get("/echo").status, 405);
  sink.expect_orderly_end();
  EXPECT_TRUE(c.at_end());
}

TEST(kitchen_sink, streams_bodies) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client c = sink.client();
  ASSERT_TRUE(c.send("GET /chunked?n=2 HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_THAT(c.read_until("X-Chunks: 2\r\n\r\n"),
              HasSubstr("\r\n8\r\nchunk 1\n\r\n8\r\nchunk 2\n\r\n0\r\n"));
  EXPECT_EQ(c.get("/big?bytes=1000000").body.size(), 1'000'000U);
  EXPECT_EQ(c.ask("POST /trailers HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "0\r\nX-A: b\r\n\r\n")
                .body,
            "X-A: b\n");
  EXPECT_EQ(c.get("/204").status, 204);
  EXPECT_EQ(c.get("/early-hints").status, 103);
  EXPECT_EQ(c.read().body, "the answer itself\n");
  EXPECT_EQ(c.get("/close").field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
  raw_client waiting = sink.client();
  ASSERT_TRUE(waiting.send("POST /slow-read HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n"));
  waiting.close();
  sink.expect_orderly_end();
}

TEST(kitchen_sink, draws_its_tree) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client c = sink.client();
  const answer tree = c.get("/tree");
  EXPECT_EQ(tree.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(tree.body, ContainsRegex("^<[0-9]+> supervisor one_for_one\n├── topics <[0-9]+> "));
  EXPECT_THAT(tree.body, ContainsRegex("\n└── http <[0-9]+> \"http\""));
  sink.expect_orderly_end();
}

TEST(kitchen_sink, crashes_on_request_and_says_so) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client other = sink.client();
  for (int i = 0; i < 10; ++i) {
    raw_client c = sink.client();
    EXPECT_EQ(c.get("/crash").status, 500);
    EXPECT_TRUE(c.at_end());
    EXPECT_EQ(other.get("/hello").status, 200);
  }
  await_running(other, 0);
  const auto figures = stats(other);
  EXPECT_EQ(figures["http"]["crashed"], 10);
  EXPECT_EQ(figures["crashed"], 10);
  EXPECT_EQ(figures["workers"].size(), 2U);
  sink.expect_orderly_end();
  EXPECT_THAT(sink.logged(), HasSubstr("std::runtime_error: crashed on request"));
}

TEST(kitchen_sink, publishes_to_all_who_poll) {
  kitchen_sink_program sink = kitchen_sink();
  sink.expect_to_reach_all(50);
  sink.expect_orderly_end();
}

TEST(kitchen_sink, stops_although_somebody_polls) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client parked = sink.park();
  raw_client c = sink.client();
  await_running(c, 1);
  sink.expect_orderly_end();
  EXPECT_EQ(parked.read().status, 503);
}

TEST(kitchen_sink, a_second_signal_ends_it_at_once) {
  kitchen_sink_program sink = kitchen_sink();
  raw_client parked = sink.park();
  raw_client c = sink.client();
  await_running(c, 1);
  sink.signal(SIGTERM);
  EXPECT_TRUE(c.at_end()) << "it has begun to stop";
  sink.signal(SIGTERM);
  EXPECT_EQ(sink.wait(), 128 + SIGTERM);
}

TEST(kitchen_sink, says_when_its_port_is_taken) {
  raw_client taken; // not connected, but bound
  ASSERT_EQ(bind_to(taken.descriptor(), loopback()), 0);
  const std::string port = std::to_string(port_of(taken.descriptor()));
  program sink(PERRON_BIN_DIR "/kitchen_sink", {"--port", port});
  EXPECT_EQ(sink.wait(), 1);
  EXPECT_THAT(sink.logged(), HasSubstr("listen on 127.0.0.1:" + port + ": bind: Address already in use"));
}

} // namespace
} // namespace perron::testing
