// SPDX-License-Identifier: BSD-3-Clause
// How a request's body reaches its handler, and what becomes of one that is not read.
#include <perron/httpd/core/exchange.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <string>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class exchange_body_test : public server_fixture {
protected:
  raw_client client_of(handler answer, server_options options = {}) {
    serve(router().post("/", std::move(answer)), std::move(options));
    return client();
  }
};

response echo(request& r) { return {200, std::string(r.body()), std::string(r.header("Content-Type"))}; }
response hello(request&) { return text("Hello!"); }

/// The body as read() gives it, with a '|' behind each piece.
response pieces(request& r) {
  std::string all;
  std::array<char, 4> piece;
  while (const std::size_t n = r.read(piece))
    all.append(piece.data(), n) += '|';
  return text(all);
}

std::string chunked_head(std::string_view target = "/") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
}
std::string plain_head(std::size_t length) {
  return "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

TEST_F(exchange_body_test, reads_a_body_that_came_with_the_head) {
  serve(router().post("/", echo));
  raw_client c = client();
  EXPECT_EQ(c.post("/", "one").body, "one");
  EXPECT_EQ(c.post("/", "").body, "");
  const answer a =
      c.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\ntwo");
  EXPECT_EQ(a.body, "two");
  EXPECT_EQ(a.field("Content-Type"), "a/b");
}

TEST_F(exchange_body_test, reads_a_body_that_comes_in_pieces) {
  event& asked = new_event();
  serve(router().post("/", [&](request& r) {
    asked.happen();
    const std::string first(r.body());
    EXPECT_EQ(r.body(), first) << "the second time it is the same";
    return text(first);
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n"));
  asked.await();
  for (const char* piece : {"abc", "def", "ghi"})
    ASSERT_TRUE(c.send(piece));
  EXPECT_EQ(c.read().body, "abcdefghi");
  EXPECT_EQ(c.post("/", "more").body, "more");
}

TEST_F(exchange_body_test, reads_a_large_body) {
  server_options options;
  options.max_body = 8'000'000;
  serve(router().post("/", [](request& r) { return text(std::to_string(r.body().size())); }), options);
  raw_client c = client();
  EXPECT_EQ(c.post("/", std::string(8'000'000, 'x')).body, "8000000");
  EXPECT_EQ(c.post("/", "abc").body, "3");
}

TEST_F(exchange_body_test, a_request_behind_a_late_body_is_not_forgotten) {
  outcome_queue<runtime::pid> asked;
  serve(router().post("/", [&](request& r) {
    asked.put(runtime::self());
    return text(std::string(r.body()));
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nabc"));
  await_waiting(asked.take().value(), runtime::core::wait_kind::readable);
  // the rest of the body and the next request arrive as one event of the socket
  ASSERT_TRUE(c.send("defPOST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nghi"));
  EXPECT_EQ(c.read().body, "abcdef");
  EXPECT_EQ(c.read().body, "ghi");
}

TEST_F(exchange_body_test, a_body_nobody_reads_does_not_disturb_the_next_request) {
  serve(router().post("/", hello));
  raw_client c = client();
  EXPECT_EQ(c.post("/", "GET /none HTTP/1.1\r\n\r\n").status, 200);
  EXPECT_EQ(c.post("/", "again").status, 200);
}

// -- 100-continue

TEST_F(exchange_body_test, rfc9110_10_1_1_asks_for_the_body_when_the_handler_does) {
  serve(router().post("/", echo));
  raw_client c = client();
  const char* head = "POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  const answer go_on = c.ask(head);
  EXPECT_EQ(go_on.head, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(c.ask("abc").body, "abc");
  EXPECT_EQ(c.ask(std::string(head) + "def").body, "def") << "no 100 where the body is there already";
}

TEST_F(exchange_body_test, rfc9110_10_1_1_may_answer_without_asking_for_the_body) {
  serve(router().post("/", [](request&) -> response { throw http_error(status::forbidden, "not you"); }));
  raw_client c = client();
  const answer a =
      c.ask("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(a.status, 403);
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
}

TEST_F(exchange_body_test, rfc9110_10_1_1_refuses_other_expectations) {
  serve(router().post("/", echo));
  EXPECT_EQ(
      client().ask("POST / HTTP/1.1\r\nHost: test\r\nExpect: miracles\r\nContent-Length: 0\r\n\r\n").status,
      417);
}

// -- bodies that are not taken

TEST_F(exchange_body_test, refuses_a_body_that_is_too_large_without_reading_it) {
  server_options options;
  options.max_body = 10;
  serve(router().post("/", echo), options);
  raw_client c = client();
  EXPECT_EQ(c.post("/", "0123456789").status, 200);
  const answer a = c.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(a.status, 413);
  EXPECT_THAT(a.body, HasSubstr("the body may have 10 bytes"));
  EXPECT_TRUE(c.at_end());
}

TEST_F(exchange_body_test, refuses_a_body_of_an_absurd_length) {
  serve(router().post("/", echo));
  raw_client c = client();
  EXPECT_EQ(c.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 18446744073709551615\r\n\r\n").status,
            413);
  EXPECT_TRUE(c.at_end());
}

// RFC 9112 9.6: closing while the client still sends would reset the connection, and the reset may destroy
// the answer before the client has read it.
TEST_F(exchange_body_test, rfc9112_9_6_who_sends_a_large_body_gets_to_read_why_it_is_refused) {
  serve(router().post("/", echo));
  for (int i = 0; i < 20; ++i) {
    raw_client c = client();
    ASSERT_TRUE(c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4000000\r\n\r\n"));
    const std::string part(100'000, 'x');
    for (int k = 0; k < 40; ++k)
      EXPECT_TRUE(c.send(part)) << "was reset";
    EXPECT_EQ(c.read().status, 413);
    EXPECT_TRUE(c.at_end());
  }
}

TEST_F(exchange_body_test, gives_up_a_body_that_does_not_come) {
  server_options options;
  options.body_time = 1ms;
  serve(router().post("/", echo), options);
  raw_client c = client();
  const answer a = c.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nab");
  EXPECT_EQ(a.status, 408);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

TEST_F(exchange_body_test, ends_when_the_peer_leaves_in_the_middle_of_a_body) {
  event& asked = new_event();
  event& ended = new_event();
  serve(router().post("/", [&](request& r) {
    const on_exit told{ended};
    asked.happen();
    return text(std::string(r.body()));
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nab"));
  asked.await();
  c.close();
  ended.await();
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

// -- chunked

TEST_F(exchange_body_test, rfc9112_7_1_takes_the_framing_off) {
  raw_client c = client_of(echo);
  const std::string body = "3\r\nabc\r\n0a;ext=\"quoted \\\" value\"; other\r\n0123456789\r\n0\r\n\r\n";
  EXPECT_EQ(c.ask(chunked_head() + body).body, "abc0123456789");
  EXPECT_EQ(c.ask(chunked_head() + "0\r\n\r\n").body, "");
  EXPECT_EQ(c.post("/", "plain").body, "plain") << "the connection goes on";
}

TEST_F(exchange_body_test, rfc9112_7_1_gives_the_same_body_however_it_is_cut) {
  raw_client c = client_of(echo);
  const std::string all = chunked_head() + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n";
  for (const char byte : all)
    ASSERT_TRUE(c.send({&byte, 1}));
  EXPECT_EQ(c.read().body, "abcde");
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    ASSERT_TRUE(c.send(all.substr(0, cut)));
    EXPECT_EQ(c.ask(all.substr(cut)).body, "abcde") << cut;
  }
}

TEST_F(exchange_body_test, a_request_behind_a_chunked_body_is_not_forgotten) {
  outcome_queue<runtime::pid> asked;
  raw_client c = client_of([&](request& r) {
    asked.put(runtime::self());
    return text(std::string(r.body()));
  });
  ASSERT_TRUE(c.send(chunked_head() + "3\r\nabc\r\n" + "0\r\n\r\n" + chunked_head() + "1\r\nx\r\n"));
  EXPECT_EQ(c.read().body, "abc");
  asked.take();
  await_waiting(asked.take().value(), runtime::core::wait_kind::readable);
  // the end of this body and two whole requests come as one event of the socket
  ASSERT_TRUE(c.send("0\r\nX-T: 1\r\n\r\n" + chunked_head() + "1\r\ny\r\n0\r\n\r\n" + plain_head(1) + "z"));
  EXPECT_EQ(c.read().body, "x");
  EXPECT_EQ(c.read().body, "y");
  EXPECT_EQ(c.read().body, "z");
}

TEST_F(exchange_body_test, rfc9112_7_1_refuses_what_is_ambiguous_and_closes) {
  serve(router().post("/", echo));
  for (const char* body :
       {"3\nabc\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
        "11111111111111111\r\n", "-1\r\n", "\r\n", ";x\r\n", "3\r\nabc\r\n0\r\nContent-Length: 4\r\n\r\n",
        "0\r\nHost: x\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n X: y\r\n\r\n"}) {
    raw_client c = client();
    const answer a = c.ask(chunked_head() + body);
    EXPECT_EQ(a.status, 400) << body;
    EXPECT_EQ(a.field("Connection"), "close");
    EXPECT_TRUE(c.at_end());
  }
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

TEST_F(exchange_body_test, refuses_a_chunked_body_that_grows_too_large) {
  server_options options;
  options.max_body = 10;
  serve(router().post("/", echo), options);
  EXPECT_EQ(client().ask(chunked_head() + "a\r\n0123456789\r\n0\r\n\r\n").body, "0123456789");
  raw_client c = client();
  const answer a = c.ask(chunked_head() + "6\r\n012345\r\n5\r\n6789a\r\n");
  EXPECT_EQ(a.status, 413);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(client().ask(chunked_head() + "ffffffffffffffff\r\nabcdefghijkl").status, 413);
}

// -- trailers

TEST_F(exchange_body_test, rfc9112_7_1_2_gives_trailers_behind_the_body_and_apart_from_the_head) {
  raw_client c = client_of([](request& r) {
    const std::size_t before = r.trailers().size();
    static_cast<void>(r.body());
    std::string all = std::to_string(before) + ' ' + std::string(r.header("X-T")) + ' ';
    for (const auto& [name, value] : r.trailers())
      all += std::string(name) + '=' + std::string(value) + ';';
    return text(all);
  });
  EXPECT_EQ(c.ask(chunked_head() + "1\r\na\r\n0\r\nX-T: 1\r\nx-u:\t two \r\n\r\n").body, "0  X-T=1;x-u=two;");
  EXPECT_EQ(c.ask(chunked_head() + "0\r\n\r\n").body, "0  ");
  EXPECT_EQ(c.post("/", "x").body, "0  ");
}

TEST_F(exchange_body_test, trailers_have_the_bounds_of_a_head) {
  serve(router().post("/", echo));
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += "X: y\r\n";
  EXPECT_EQ(client().ask(chunked_head() + "0\r\n" + many + "\r\n").status, 431);
  EXPECT_EQ(client().ask(chunked_head() + "0\r\nX: " + std::string(20'000, 'y') + "\r\n\r\n").status, 431);
}

// -- read()

TEST_F(exchange_body_test, reads_in_pieces_of_the_size_asked_for) {
  raw_client c = client_of(pieces);
  EXPECT_EQ(c.post("/", "0123456789").body, "0123|4567|89|");
  EXPECT_EQ(c.ask(chunked_head() + "5\r\n01234\r\n1\r\n5\r\n0\r\n\r\n").body, "0123|4|5|");
  EXPECT_EQ(c.post("/", "").body, "");
  EXPECT_EQ(c.get("/none").status, 404);
}

TEST_F(exchange_body_test, gives_what_has_come_without_waiting_for_more) {
  event& first = new_event();
  raw_client c = client_of([&](request& r) {
    std::array<char, 100> piece;
    std::string all;
    while (const std::size_t n = r.read(piece)) {
      all.append(piece.data(), n);
      if (all == "ab")
        first.happen();
    }
    return text(all);
  });
  ASSERT_TRUE(c.send(plain_head(4)));
  ASSERT_TRUE(c.send("ab"));
  first.await();
  EXPECT_EQ(c.ask("cd").body, "abcd");
}

TEST_F(exchange_body_test, a_body_that_was_taken_whole_can_be_read_again) {
  raw_client c = client_of([](request& r) {
    const std::string whole(r.body());
    return text(whole + ' ' + pieces(r).body);
  });
  EXPECT_EQ(c.post("/", "01234").body, "01234 0123|4|");
  EXPECT_EQ(c.ask(chunked_head() + "5\r\n01234\r\n0\r\n\r\n").body, "01234 0123|4|");
  EXPECT_EQ(c.post("/", "x").body, "x x|") << "and the next request is found behind it";
}

TEST_F(exchange_body_test, a_body_of_which_a_part_is_gone_is_not_given_as_a_whole) {
  raw_client c = client_of([](request& r) {
    std::array<char, 2> piece;
    static_cast<void>(r.read(piece));
    return text(std::string(r.body()));
  });
  EXPECT_EQ(c.post("/", "0123").status, 500);
  c.close();
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

TEST_F(exchange_body_test, reads_more_than_fits_into_memory_limits_of_a_whole_body) {
  serve(router().add("POST", "/", [](request& r) {
    std::array<char, 16384> piece;
    std::size_t sum = 0;
    while (const std::size_t n = r.read(piece))
      sum += n;
    return text(std::to_string(sum));
  }));
  raw_client c = client();
  EXPECT_EQ(c.post("/", std::string(1'000'000, 'x')).body, "1000000");
}

// -- times

TEST_F(exchange_body_test, a_body_that_comes_too_slowly_is_given_up) {
  server_options options;
  options.min_body_rate = 1'000'000'000;
  options.body_grace = 1ms;
  options.body_time = 0ms;
  raw_client c = client_of(echo, options);
  EXPECT_EQ(c.ask(plain_head(100) + "too slow").status, 408);
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().late, 1U);
}

// -- 100-continue, chunked

TEST_F(exchange_body_test, rfc9110_10_1_1_asks_for_a_chunked_body) {
  raw_client c = client_of(pieces);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(c.ask(head).status, 100);
  EXPECT_EQ(c.ask("2\r\nab\r\n0\r\n\r\n").body, "ab|");
  EXPECT_EQ(c.ask(head + "1\r\na\r\n0\r\n\r\n").status, 200) << "no 100 where the body is there already";
}

TEST_F(exchange_body_test, rfc9110_10_1_1_http_1_0_gets_no_100) {
  raw_client c = client_of(echo);
  ASSERT_TRUE(c.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  const answer a = c.ask("ab");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "ab");
}

// -- bodies that nobody reads

TEST_F(exchange_body_test, what_is_left_of_a_body_is_thrown_away_behind_the_answer) {
  raw_client c = client_of(hello);
  for (int i = 0; i < 2; ++i) {
    const answer a = c.ask(plain_head(10) + "01234");
    EXPECT_EQ(a.body, "Hello!");
    EXPECT_FALSE(a.has("Connection"));
    ASSERT_TRUE(c.send("56789"));
  }
  EXPECT_EQ(c.ask(chunked_head() + "5\r\n01").body, "Hello!");
  ASSERT_TRUE(c.send("234\r\n0\r\nX: y\r\n\r\n"));
  EXPECT_EQ(c.post("/", "x").body, "Hello!");
}

TEST_F(exchange_body_test, a_body_that_is_too_long_to_be_thrown_away_ends_the_connection) {
  server_options options;
  options.unread_body = 10;
  serve(router().post("/", hello), options);
  raw_client c = client();
  const answer a = c.ask(plain_head(20) + "012345678");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Connection"), "close") << "it is known before";
  EXPECT_TRUE(c.at_end());
  raw_client chunks = client();
  EXPECT_EQ(chunks.ask(chunked_head() + "40\r\n").status, 200);
  ASSERT_TRUE(chunks.send(std::string(64, 'x')));
  EXPECT_TRUE(chunks.at_end());
}

TEST_F(exchange_body_test, a_body_that_does_not_come_to_be_thrown_away_ends_the_connection) {
  server_options options;
  options.unread_body_time = 1ms;
  serve(router().post("/", hello), options);
  for (const std::string& request : {plain_head(10) + "01234", chunked_head() + "5\r\n"}) {
    raw_client c = client();
    EXPECT_EQ(c.ask(request).body, "Hello!");
    EXPECT_TRUE(c.at_end());
  }
  raw_client c = client();
  EXPECT_EQ(c.ask(chunked_head() + "bad").body, "Hello!");
  EXPECT_TRUE(c.at_end());
}

TEST_F(exchange_body_test, a_body_that_was_never_asked_for_is_not_waited_for) {
  raw_client c = client_of(hello);
  const answer a = c.ask("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
}

} // namespace
} // namespace perron::httpd::core
