// SPDX-License-Identifier: BSD-3-Clause
// Limits of a route in place of the server's, clients that end their sending half, and handlers that hang.
#include <perron/httpd/core/exchange.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class exchange_limits_test : public server_fixture {};

struct go_on {};
constexpr const char* get_1_1 = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

response echo(request& r) { return text(std::string(r.body())); }

// -- limits of a route

TEST_F(exchange_limits_test, a_route_may_take_larger_and_smaller_bodies_than_its_server) {
  server_options options;
  options.max_body = 10;
  serve(router()
            .post("/usual", echo)
            .post("/more", echo, {.max_body = 20})
            .post("/less", echo, {.max_body = 5}),
        options);
  const std::string ten(10, 'x');
  const std::string twenty(20, 'x');
  EXPECT_EQ(client().post("/usual", ten).status, 200);
  EXPECT_EQ(client().post("/usual", twenty).status, 413);
  EXPECT_EQ(client().post("/more", twenty).body, twenty);
  EXPECT_EQ(client().post("/less", ten).status, 413);
  EXPECT_EQ(client()
                .ask("POST /less HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: "
                     "chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n")
                .status,
            413);
}

TEST_F(exchange_limits_test, a_route_may_have_its_own_time_for_a_body) {
  server_options options;
  options.min_body_rate = 0;
  serve(router().post("/", echo, {.body_time = 1ms}), options);
  raw_client c = client();
  EXPECT_EQ(c.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nab").status, 408);
  EXPECT_TRUE(c.at_end());
}

TEST_F(exchange_limits_test, a_route_may_have_its_own_time_for_slow_readers) {
  serve(router().get("/", [](request&) { return text(std::string(20'000'000, 'x')); }, {.write_time = 1ms}));
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
}

TEST_F(exchange_limits_test, a_reader_below_the_minimum_rate_is_ended) {
  server_options options;
  options.write_time = 1h;
  options.min_write_rate = 1'000'000'000'000;
  options.write_grace = 1ms;
  const auto large = [](request&) { return text(std::string(20'000'000, 'x')); };
  serve(router().get("/", large).get("/any-rate", large, {.min_write_rate = 0}), options);
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });

  raw_client other = client(4096);
  ASSERT_TRUE(other.send("GET /any-rate HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_EQ(other.read().body.size(), 20'000'000U);
}

TEST_F(exchange_limits_test, a_stream_is_ended_when_its_writes_together_are_below_the_rate) {
  server_options options;
  options.write_time = 1h;
  serve(router().get("/",
                     [](request& r) {
                       writer out = r.begin({});
                       for (;;)
                         out.write(std::string(8'000, 'x'));
                       return out.end();
                     },
                     {.min_write_rate = 1'000'000'000'000}),
        [&] {
          options.write_grace = 20ms;
          return options;
        }());
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(get_1_1));
  c.read_to_end();
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
}

// -- handlers that hang

TEST_F(exchange_limits_test, a_handler_that_hangs_is_ended_by_the_time_of_its_route) {
  serve(router().get("/", wait_for_ever, {.request_time = 5ms}));
  raw_client c = client();
  const answer a = c.get("/");
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.field("Retry-After"), "2");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().late, 1U);
}

TEST_F(exchange_limits_test, a_handler_may_have_more_time_than_the_server_gives_others) {
  server_options options;
  options.request_time = 1s; // more than it takes to look a route up on a busy machine
  outcome_queue<runtime::pid> waiting;
  const handler waits = [&](request& r) {
    waiting.put(runtime::self());
    runtime::receive_one<go_on>();
    return text(std::string(r.path()));
  };
  serve(router().get("/usual", waits).get("/slow", waits, {.request_time = 0ms}), options);
  raw_client slow = client();
  ASSERT_TRUE(slow.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n"));
  const runtime::pid slow_one = waiting.take().value();
  EXPECT_EQ(client().get("/usual").status, 503);
  waiting.take();
  runtime::send(slow_one, go_on{});
  EXPECT_EQ(slow.read().body, "/slow");
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).late, 1U);
  EXPECT_EQ(client().get("/usual").status, 503) << "the next request has the server's time again";
}

TEST_F(exchange_limits_test, rfc9110_9_3_2_a_head_request_that_fails_gets_no_body_either) {
  serve(router().get("/", [](request&) -> response { throw 42; }));
  raw_client c = client();
  ASSERT_TRUE(c.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n"));
  const std::string all = c.read_to_end();
  EXPECT_THAT(all, HasSubstr("HTTP/1.1 500"));
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

// -- half-closed

/// Tells who waits, and answers when told.
handler waits_for_word(outcome_queue<runtime::pid>& waiting) {
  return [&](request&) {
    waiting.put(runtime::self());
    runtime::receive_one<go_on>();
    return text("the answer");
  };
}

TEST_F(exchange_limits_test, a_peer_that_ends_its_half_has_left_by_default) {
  outcome_queue<runtime::pid> waiting;
  serve(router().get("/", waits_for_word(waiting)));
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  waiting.take();
  c.shut_writing();
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

TEST_F(exchange_limits_test, rfc9112_9_6_a_peer_that_ends_its_half_may_still_get_its_answer) {
  server_options options;
  options.answers_half_closed = true;
  outcome_queue<runtime::pid> waiting;
  serve(router().get("/", waits_for_word(waiting)), options);
  for (const bool early : {true, false}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(get_1_1));
    if (early)
      c.shut_writing();
    const runtime::pid who = waiting.take().value();
    c.shut_writing();
    await_waiting(who, runtime::core::wait_kind::receive);
    runtime::send(who, go_on{});
    EXPECT_EQ(c.read().body, "the answer");
    EXPECT_TRUE(c.at_end());
  }
  EXPECT_EQ(await_no_connection().client_gone, 0U);
}

TEST_F(exchange_limits_test, a_reset_is_told_from_a_half_that_was_ended) {
  server_options options;
  options.answers_half_closed = true;
  outcome_queue<runtime::pid> waiting;
  serve(router().get("/", waits_for_word(waiting)), options);
  raw_client c = client();
  ASSERT_TRUE(c.send(get_1_1));
  waiting.take();
  c.shut_writing();
  c.reset();
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

TEST_F(exchange_limits_test, a_route_may_answer_half_closed_peers_or_not) {
  for (const bool server_does : {false, true}) {
    server_options options;
    options.answers_half_closed = server_does;
    outcome_queue<runtime::pid> waiting;
    serve(router()
              .get("/yes", waits_for_word(waiting), {.answers_half_closed = true})
              .get("/no", waits_for_word(waiting), {.answers_half_closed = false}),
          options);
    for (const bool early : {true, false}) {
      raw_client yes = client();
      ASSERT_TRUE(yes.send("GET /yes HTTP/1.1\r\nHost: test\r\n\r\n"));
      if (early)
        yes.shut_writing();
      const runtime::pid who = waiting.take().value();
      yes.shut_writing();
      await_waiting(who, runtime::core::wait_kind::receive);
      runtime::send(who, go_on{});
      EXPECT_EQ(yes.read().body, "the answer");
      raw_client no = client();
      ASSERT_TRUE(no.send("GET /no HTTP/1.1\r\nHost: test\r\n\r\n"));
      if (early)
        no.shut_writing();
      waiting.take();
      no.shut_writing();
      EXPECT_TRUE(no.at_end());
    }
    EXPECT_EQ(await_no_connection().client_gone, 2U);
  }
}

} // namespace
} // namespace perron::httpd::core
