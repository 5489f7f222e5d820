// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/answer_reader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace perron::soak {
namespace {

struct reading {
  std::vector<int> statuses;
  std::string bodies; // each whole one is followed by '|'
  std::string rest;
  std::string wrong;
  bool closes = false;
};

/// What `input` gives when it arrives `piece` bytes at a time.
reading read(std::string_view input, std::size_t piece = ~std::size_t{0}) {
  reading r;
  answer_state state;
  while (!input.empty()) {
    r.rest += input.substr(0, piece);
    input.remove_prefix(std::min(piece, input.size()));
    for (;;) {
      const answer_step step = next_step(state, r.rest);
      if (step.wrong != nullptr) {
        r.wrong = step.wrong;
        return r;
      }
      r.bodies += step.body;
      if (step.whole) {
        r.statuses.push_back(state.status);
        r.bodies += '|';
        r.closes = state.closes;
      }
      r.rest.erase(0, step.used);
      if (step.used == 0 || r.rest.empty())
        break;
    }
  }
  return r;
}

TEST(answer_reader, a_body_has_the_length_that_was_announced) {
  const std::string two = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                          "HTTP/1.1 404 Not Found\r\ncontent-length:  0 \r\n\r\n";
  for (std::size_t piece = 1; piece <= two.size(); ++piece) {
    const reading r = read(two, piece);
    EXPECT_EQ(r.wrong, "");
    EXPECT_EQ(r.statuses, (std::vector{200, 404})) << piece;
    EXPECT_EQ(r.bodies, "hello||");
    EXPECT_EQ(r.rest, "");
  }
}

TEST(answer_reader, rfc9112_7_1_chunks_are_put_together) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;name=value\r\n,\r\n00a\r\n 23456789!\r\n0\r\nX-Trailer: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const reading r = read(text, piece);
    EXPECT_EQ(r.wrong, "");
    EXPECT_EQ(r.bodies, "hello, 23456789!|") << piece;
    EXPECT_EQ(r.rest, "");
  }
}

TEST(answer_reader, rfc9112_6_3_some_answers_have_no_body) {
  EXPECT_EQ(
      read("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").statuses,
      (std::vector{204, 304}));
}

TEST(answer_reader, rfc9112_6_3_without_a_length_the_body_ends_with_the_connection) {
  const reading r = read("HTTP/1.1 200 OK\r\n\r\nall of this", 3);
  EXPECT_TRUE(r.statuses.empty());
  EXPECT_EQ(r.bodies, "all of this");
}

TEST(answer_reader, rfc9110_15_2_interim_answers_are_skipped) {
  const reading r =
      read("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(r.statuses, (std::vector{200}));
}

TEST(answer_reader, an_upgrade_is_whole_and_what_follows_is_left) {
  answer_state state;
  const std::string text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x";
  const answer_step step = next_step(state, text);
  EXPECT_TRUE(step.whole);
  EXPECT_EQ(state.status, 101);
  EXPECT_EQ(text.substr(step.used), "\x81\x01x");
}

TEST(answer_reader, an_answer_says_that_it_closes) {
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nConnection: CLOSE\r\nContent-Length: 0\r\n\r\n").closes);
  EXPECT_TRUE(read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").closes);
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").closes);
}

TEST(answer_reader, what_is_not_http_is_wrong) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text :
       {std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string("HTTP/1.1 2000\r\n\r\n"),
        std::string("HTTP/1.1 20x OK\r\n\r\n"), std::string("HTTP/1.1 099 X\r\n\r\n"),
        std::string("\r\n\r\n"), ok + "Content-Length: x\r\n\r\n",
        ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", ok + "no colon\r\n\r\n",
        ok + ": empty\r\n\r\n", ok + "Transfer-Encoding: gzip\r\n\r\n", chunked + "x\r\n", chunked + "-1\r\n",
        chunked + "\r\n", chunked + "1\r\nab\r\n", chunked + "ffffffffffffffff\r\n",
        chunked + "1ffffffffffffffff\r\n"})
    EXPECT_NE(read(text).wrong, "") << text;
}

TEST(answer_reader, nothing_grows_for_ever) {
  EXPECT_NE(read("HTTP/1.1 200 OK\r\nX: " + std::string(most_head, 'x')).wrong, "");
  EXPECT_NE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(300, '0')).wrong, "");
  EXPECT_NE(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(most_head, 'x'))
          .wrong,
      "");
}

} // namespace
} // namespace perron::soak
