// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/test_client.hpp>

#include "support/node_fixture.hpp"

#include <perron/runtime/receive.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace perron::testing {
namespace {

using namespace httpd;

/// Asked from outside of any process.
class test_client_outside : public ::testing::Test {
protected:
  void serve(handler h) { client = test_client(std::move(router().any("/*path", std::move(h)))); }

  test_client client{router()};
};

TEST_F(test_client_outside, asks_and_is_answered) {
  serve([](request& r) {
    response a =
        text(std::string(r.method()) + ' ' + std::string(r.path()) + ' ' + r.query().get("q").value_or("") +
                 ' ' + std::string(r.header("X-A")) + ' ' + r.peer(),
             201);
    a.headers = {{"X-B", "b"}};
    return a;
  });
  const auto a = client.get("/x%20y?q=1", {{"X-A", "a"}});
  EXPECT_EQ(a.status, 201);
  EXPECT_EQ(a.body, "GET /x y 1 a test");
  EXPECT_EQ(a.header("x-b"), "b");
  EXPECT_EQ(a.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.header("None"), "");
}

TEST_F(test_client_outside, has_no_body_for_head) {
  serve([](request&) { return text("x"); });
  EXPECT_EQ(client.head("/").status, 200);
  EXPECT_EQ(client.head("/").body, "");
}

TEST_F(test_client_outside, posts_in_one_piece_or_several) {
  serve([](request& r) {
    std::string seen;
    std::array<char, 4> piece{};
    while (const std::size_t n = r.read(piece))
      seen += '[' + std::string(piece.data(), n) + ']';
    for (const auto& field : r.trailers())
      seen += std::string(field.name) + '=' + std::string(field.value);
    return text(seen + std::string(r.header("Content-Length")) + std::string(r.header("Transfer-Encoding")));
  });
  EXPECT_EQ(client.post("/", "text/plain", "abcdef").body, "[abcd][ef]6");
  EXPECT_EQ(client.send({.method = "POST", .body = {"ab", "", "c"}, .trailers = {{"T", "1"}}}).body,
            "[ab][c]T=1chunked");
}

TEST_F(test_client_outside, reads_a_body_again_once_it_is_whole) {
  serve([](request& r) {
    std::array<char, 10> piece{};
    const std::string whole(r.body());
    const std::size_t n = r.read(piece);
    return text(whole + std::string(piece.data(), n) + std::string(r.body()));
  });
  EXPECT_EQ(client.send({.method = "POST", .body = {"a", "b"}}).body, "ababab");
}

TEST_F(test_client_outside, records_what_is_streamed) {
  serve([](request& r) {
    r.inform(status::early_hints, {{"Link", "</a.css>; rel=preload"}});
    auto out = r.begin({.content_type = "text/plain"});
    out.write("a");
    out.write("b");
    out.trailer("X-Sum", "2");
    return out.end();
  });
  const auto a = client.get("/");
  EXPECT_EQ(a.body, "ab");
  EXPECT_EQ(a.trailers, (header_list{{"X-Sum", "2"}}));
  ASSERT_EQ(a.informs.size(), 1U);
  EXPECT_EQ(a.informs[0].first, 103);
  EXPECT_FALSE(a.is_cut);
}

TEST_F(test_client_outside, tells_a_stream_that_was_not_ended) {
  serve([](request& r) -> response {
    auto out = r.begin({}, 10);
    out.write("half");
    throw std::runtime_error("in the middle");
  });
  const auto a = client.get("/");
  EXPECT_EQ(a.status, 200);
  EXPECT_TRUE(a.is_cut);
  EXPECT_EQ(a.crash, "in the middle");
}

TEST_F(test_client_outside, tells_why_a_handler_crashed) {
  serve([](request&) -> response { throw std::runtime_error("because"); });
  const auto a = client.get("/");
  EXPECT_EQ(a.status, 500);
  EXPECT_EQ(a.crash, "because");
}

TEST_F(test_client_outside, refuses_what_a_connection_would_not_send) {
  serve([](request&) { return response{200, "", "", {{"X", "a\r\nb"}}}; });
  EXPECT_EQ(client.get("/").status, 500);
  EXPECT_NE(client.get("/").crash, "");
  serve([](request&) { return response{100, "", "", {}}; });
  EXPECT_EQ(client.get("/").status, 500);
}

TEST_F(test_client_outside, refuses_what_a_connection_would_not_take) {
  serve([](request&) { return text("x"); });
  EXPECT_EQ(client.get("/a b").status, 400);
  EXPECT_EQ(client.get("/%zz").status, 400);
  EXPECT_EQ(client.get("/", {{"Content-Length", "x"}}).status, 400);
  EXPECT_EQ(client.post("/", "text/plain", std::string((1U << 20U) + 1, 'x')).status, 413);
}

TEST_F(test_client_outside, speaks_another_protocol_after_an_upgrade) {
  serve([](request& r) {
    auto peer = r.upgrade("shout");
    std::array<char, 100> piece{};
    while (const std::size_t n = peer.read(piece))
      peer.write(std::string(piece.data(), n) + '!');
    return peer.end();
  });
  const auto a =
      client.send({.headers = {{"Connection", "upgrade"}, {"Upgrade", "shout"}}, .frames = {"a", "b"}});
  EXPECT_EQ(a.status, 101);
  EXPECT_EQ(a.header("Upgrade"), "shout");
  EXPECT_EQ(a.body, "a!b!");
  EXPECT_FALSE(a.is_cut);
}

TEST_F(test_client_outside, tells_of_a_process_that_ends) {
  serve([](request&) -> response { runtime::exit(runtime::exit_reason::custom("enough")); });
  const auto a = client.get("/");
  EXPECT_EQ(a.status, 500);
  EXPECT_NE(a.crash.find("enough"), std::string::npos);
}

struct question {
  runtime::pid from;
};
struct reply {
  std::string text;
};

class test_client_inside : public node_fixture {};

TEST_F(test_client_inside, handler_has_the_mailbox_of_the_process) {
  run([] {
    const runtime::pid other = runtime::spawn(
        [] { runtime::receive([](question q) { runtime::send(q.from, reply{"from afar"}); }); });
    router r;
    r.get("/", [=](request&) {
      runtime::send(other, question{runtime::self()});
      return text(runtime::receive_one<reply>().text);
    });
    EXPECT_EQ(test_client(r).get("/").body, "from afar");
  });
}

} // namespace
} // namespace perron::testing
