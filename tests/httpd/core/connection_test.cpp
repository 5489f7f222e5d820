// SPDX-License-Identifier: BSD-3-Clause
// A connection between and under its requests: what bytes it takes, when it ends, and whom it tells.
#include <perron/httpd/core/connection.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string get_root = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

class connection_test : public server_fixture {
protected:
  /// Says which number it got, so that order shows; and echoes bodies.
  static router numbers() {
    return router()
        .get("/", [](request&) { return text("root"); })
        .get("/:n", [](request& r) { return text(r.param("n")); })
        .post("/", [](request& r) { return text(std::string(r.body())); });
  }
  static std::string number(std::size_t i) {
    return "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }

  /// As GET /, a handler that says when it is there and when it has ended, and waits for mail that never
  /// comes.
  router waiting_handler(event& entered, event& ended) {
    return numbers().get("/wait/for/ever", [&](request& r) {
      const on_exit told{ended};
      entered.happen();
      return wait_for_ever(r);
    });
  }
  const std::string get_wait = "GET /wait/for/ever HTTP/1.1\r\nHost: test\r\n\r\n";
};

// -- keep-alive

TEST_F(connection_test, serves_one_request_after_the_other) {
  serve(numbers());
  raw_client c = client();
  for (std::size_t i = 0; i < 1000; ++i)
    ASSERT_EQ(c.ask(number(i)).body, std::to_string(i));
  EXPECT_EQ(stats().accepted, 1U);
  EXPECT_EQ(stats().connections, 1U);
}

TEST_F(connection_test, rfc9112_9_6_closes_when_asked_to) {
  serve(numbers());
  raw_client c = client();
  const answer a = c.get("/", "Connection: close\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_test, rfc9112_9_6_serves_nothing_behind_a_request_that_closes) {
  serve(numbers());
  raw_client c = client();
  ASSERT_TRUE(c.send("GET /1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" + number(2)));
  EXPECT_EQ(c.read().body, "1");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(stats().requests, 1U);
}

TEST_F(connection_test, rfc9112_9_3_http_1_0_closes_unless_asked_to_keep_alive) {
  serve(numbers());
  raw_client c = client();
  const answer kept = c.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.status, 200);
  EXPECT_EQ(kept.field("Connection"), "keep-alive");
  const answer a = c.ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
}

// -- pipelining

TEST_F(connection_test, rfc9112_9_3_2_answers_pipelined_requests_in_order) {
  serve(numbers());
  raw_client c = client();
  constexpr std::size_t many = 2000;
  std::string all;
  for (std::size_t i = 0; i < many; ++i)
    all += number(i);
  ASSERT_TRUE(c.send(all));
  for (std::size_t i = 0; i < many; ++i)
    ASSERT_EQ(c.read().body, std::to_string(i));
}

TEST_F(connection_test, pipelined_requests_may_have_bodies) {
  serve(numbers());
  raw_client c = client();
  const std::string post = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n";
  ASSERT_TRUE(c.send(post + "first" + number(2) + post + "third" + number(4)));
  for (const char* body : {"first", "2", "third", "4"})
    EXPECT_EQ(c.read().body, body);
}

TEST_F(connection_test, takes_requests_cut_at_any_byte) {
  serve(numbers());
  const std::string all =
      number(1) + "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody" + number(3);
  raw_client c = client();
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    const std::uint64_t requests = stats().requests;
    ASSERT_TRUE(c.send(std::string_view(all).substr(0, cut)));
    // nothing tells that the server has taken the first part in, unless a request was complete with it
    if (cut >= number(1).size())
      await([&](const server_stats& s) { return s.requests > requests; });
    ASSERT_TRUE(c.send(std::string_view(all).substr(cut)));
    ASSERT_EQ(c.read().body, "1") << cut;
    ASSERT_EQ(c.read().body, "body") << cut;
    ASSERT_EQ(c.read().body, "3") << cut;
  }
}

TEST_F(connection_test, takes_requests_byte_by_byte) {
  serve(numbers());
  raw_client c = client();
  const std::string all =
      number(1) + "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody" + number(3);
  for (const char& byte : all)
    ASSERT_TRUE(c.send({&byte, 1}));
  for (const char* body : {"1", "body", "3"})
    EXPECT_EQ(c.read().body, body);
}

TEST_F(connection_test, starts_no_request_before_the_one_in_front_is_answered) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  serve(router().get("/", [&](request&) {
    most = std::max(most.load(), ++running);
    runtime::yield();
    --running;
    return text("");
  }));
  raw_client c = client();
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += get_root;
  ASSERT_TRUE(c.send(all));
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(c.read().status, 200);
  EXPECT_EQ(most, 1);
}

TEST_F(connection_test, more_pipelined_bytes_than_any_buffer_holds) {
  serve(numbers());
  raw_client c = client();
  const std::string wide = "GET / HTTP/1.1\r\nHost: test\r\nX-Wide: " + std::string(10'000, 'w') + "\r\n\r\n";
  constexpr int many = 200;
  std::string all;
  for (int i = 0; i < many; ++i)
    all += wide;
  ASSERT_TRUE(c.send(all));
  for (int i = 0; i < many; ++i)
    ASSERT_EQ(c.read().body, "root");
}

// -- heads that are refused

TEST_F(connection_test, rfc9112_2_2_answers_a_bad_head_with_what_is_wrong_and_closes) {
  serve(numbers());
  struct bad_head {
    std::string bytes;
    int status;
    std::string says;
  };
  const std::vector<bad_head> heads{
      {"GET / HTTP/1.1\nHost: test\n\n", 400, "bare LF at byte 14"},
      {"GET / HTTP/1.1\r\nHost : test\r\n\r\n", 400, "blank in or behind a field name"},
      {"GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n", 400, "more than one Host"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "Host"},
      {"GET  / HTTP/1.1\r\nHost: test\r\n\r\n", 400, "request target is missing"},
      {"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400,
       "more than one Content-Length"},
      {"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "Content-Length"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, "control character"},
      {"GET / HTTP/2.0\r\nHost: test\r\n\r\n", 505, "major version is not 1"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: test\r\n\r\n", 414, "too long"},
      {"GET / HTTP/1.1\r\nHost: test\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
       "head is too large"},
      {std::string(40, 'M') + " / HTTP/1.1\r\nHost: test\r\n\r\n", 501, "method is too long"},
  };
  for (const bad_head& bad : heads) {
    raw_client c = client();
    EXPECT_EQ(c.get("/").status, 200);
    const answer a = c.ask(bad.bytes + get_root);
    EXPECT_EQ(a.status, bad.status) << bad.bytes.substr(0, 80);
    EXPECT_THAT(a.body, HasSubstr(bad.says));
    EXPECT_EQ(a.field("Connection"), "close");
    EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(c.at_end()) << "what follows is not known to be a request";
  }
  EXPECT_EQ(await_no_connection().refused, heads.size());
  EXPECT_EQ(stats().requests, heads.size());
}

TEST_F(connection_test, too_many_fields) {
  server_options options;
  options.head.max_headers = 10;
  serve(numbers(), options);
  std::string fields;
  for (int i = 0; i < 9; ++i)
    fields += "X: y\r\n";
  EXPECT_EQ(client().get("/", fields).status, 200);
  EXPECT_EQ(client().get("/", fields + "X: y\r\n").status, 431);
}

TEST_F(connection_test, a_bad_head_behind_good_requests_spoils_none_of_them) {
  serve(numbers());
  raw_client c = client();
  ASSERT_TRUE(c.send(number(1) + number(2) + "nonsense\r\n\r\n" + number(3)));
  EXPECT_EQ(c.read().body, "1");
  EXPECT_EQ(c.read().body, "2");
  EXPECT_EQ(c.read().status, 400);
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_test, rfc9112_9_6_who_sends_a_huge_head_gets_to_read_why_it_is_refused) {
  serve(numbers());
  for (int i = 0; i < 20; ++i) {
    raw_client c = client();
    ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n"));
    const std::string part = "X-Wide: " + std::string(10'000, 'w') + "\r\n";
    for (int k = 0; k < 200; ++k)
      EXPECT_TRUE(c.send(part)) << "was reset";
    EXPECT_EQ(c.read().status, 431);
    EXPECT_TRUE(c.at_end());
  }
}

TEST_F(connection_test, a_peer_that_never_stops_sending_is_not_listened_to_for_ever) {
  serve(numbers());
  raw_client c = client();
  const std::string part(1'000'000, '\n');
  while (c.send(part)) {
  }
  await_no_connection();
}

// -- time

TEST_F(connection_test, closes_a_connection_that_says_nothing) {
  server_options options;
  options.head_time = 1ms;
  serve(numbers(), options);
  EXPECT_TRUE(client().at_end());
}

TEST_F(connection_test, closes_an_idle_connection) {
  server_options options;
  options.idle_time = 1ms;
  options.head_time = 10min;
  serve(numbers(), options);
  raw_client c = client();
  EXPECT_EQ(c.get("/").body, "root");
  EXPECT_TRUE(c.at_end());
  await_no_connection();
}

TEST_F(connection_test, rfc9110_15_5_9_says_408_to_a_head_that_does_not_come_to_its_end) {
  server_options options;
  options.head_time = 1ms;
  options.idle_time = 10min;
  serve(numbers(), options);
  raw_client c;
  answer a;
  // on a slow machine the time may be over before the first byte came
  for (int i = 0; i < 1000 && a.status == 0; ++i) {
    c = client();
    a = c.ask("GET / HTTP/1.1\r\nHo");
  }
  EXPECT_EQ(a.status, 408);
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_test, a_byte_now_and_then_does_not_prolong_the_time_of_a_head) {
  server_options options;
  options.head_time = 20ms;
  options.idle_time = 10min;
  options.head.max_head_bytes = 1U << 30U;
  serve(numbers(), options);
  answer a;
  for (int i = 0; i < 1000 && a.status == 0; ++i) {
    raw_client c = client();
    c.send("GET / HTTP/1.1\r\nX: ");
    while (!c.has_news() && c.send("y")) {
    }
    a = c.read();
  }
  EXPECT_EQ(a.status, 408);
}

TEST_F(connection_test, a_request_may_take_longer_than_any_of_these_times) {
  server_options options;
  options.head_time = 10min;
  options.idle_time = 1ms;
  serve(router().get("/",
                     [](request&) {
                       runtime::receive(runtime::after(20ms, [] {}));
                       return text("took long");
                     }),
        options);
  raw_client c = client();
  EXPECT_EQ(c.get("/").body, "took long");
  EXPECT_TRUE(c.at_end());
}

// -- peers that leave

TEST_F(connection_test, ends_a_request_that_waits_when_its_peer_closes) {
  event& entered = new_event();
  event& ended = new_event();
  serve(waiting_handler(entered, ended));
  raw_client c = client();
  ASSERT_TRUE(c.send(get_wait));
  entered.await();
  c.close();
  ended.await();
  const server_stats now = await_no_connection();
  EXPECT_EQ(now.client_gone, 1U);
  EXPECT_EQ(now.crashed, 0U);
}

TEST_F(connection_test, ends_a_request_that_waits_when_its_peer_resets) {
  event& entered = new_event();
  event& ended = new_event();
  serve(waiting_handler(entered, ended));
  raw_client c = client();
  ASSERT_TRUE(c.send(get_wait));
  entered.await();
  c.reset();
  ended.await();
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

TEST_F(connection_test, ends_a_request_whose_peer_was_gone_before_it_began) {
  event& entered = new_event(20);
  event& ended = new_event(20);
  serve(waiting_handler(entered, ended));
  for (int i = 0; i < 20; ++i) {
    raw_client c = client();
    ASSERT_TRUE(c.send(get_wait));
    c.close();
  }
  ended.await();
  EXPECT_EQ(await_no_connection().client_gone, 20U);
}

TEST_F(connection_test, a_peer_that_leaves_ends_the_request_in_front_and_those_behind) {
  event& entered = new_event();
  event& ended = new_event();
  serve(waiting_handler(entered, ended));
  raw_client c = client();
  ASSERT_TRUE(c.send(get_wait + number(1) + number(2)));
  entered.await();
  c.close();
  ended.await();
  const server_stats now = await_no_connection();
  EXPECT_EQ(now.requests, 1U);
  EXPECT_EQ(now.client_gone, 1U);
}

TEST_F(connection_test, peers_that_leave_between_requests_cost_nothing) {
  serve(numbers());
  for (int i = 0; i < 100; ++i) {
    raw_client c = client();
    ASSERT_EQ(c.get("/").status, 200);
    if (i % 2 == 0)
      c.reset();
  }
  const server_stats now = await_no_connection();
  EXPECT_EQ(now.requests, 100U);
  EXPECT_EQ(now.crashed + now.client_gone, 0U);
}

TEST_F(connection_test, peers_that_leave_in_the_middle_of_a_head) {
  serve(numbers());
  for (int i = 0; i < 100; ++i) {
    raw_client c = client();
    ASSERT_TRUE(c.send(std::string_view(get_root).substr(0, static_cast<std::size_t>(i) % get_root.size())));
    if (i % 2 == 0)
      c.reset();
  }
  // the last ones may not have been accepted yet
  EXPECT_EQ(client().get("/").status, 200);
  const server_stats now = await_no_connection();
  EXPECT_EQ(now.requests, 1U);
}

// A client that has said all it wants to say may close its direction and wait for the answer.
TEST_F(connection_test, answers_a_half_open_peer_and_then_closes) {
  serve(numbers());
  raw_client c = client();
  ASSERT_TRUE(c.send(number(1) + number(2)));
  c.shut_writing();
  EXPECT_EQ(c.read().body, "1");
  EXPECT_EQ(c.read().body, "2");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().client_gone, 0U);
}

TEST_F(connection_test, a_handler_that_waits_for_mail_takes_a_half_open_peer_for_gone) {
  event& entered = new_event();
  event& ended = new_event();
  serve(waiting_handler(entered, ended));
  raw_client c = client();
  ASSERT_TRUE(c.send(get_wait));
  entered.await();
  c.shut_writing();
  ended.await();
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

TEST_F(connection_test, half_open_from_the_start) {
  serve(numbers());
  raw_client c = client();
  c.shut_writing();
  EXPECT_TRUE(c.at_end());
}

TEST_F(connection_test, a_storm_of_resets_leaves_nothing) {
  serve(numbers());
  const int many = static_cast<int>(scaled(2000, 300));
  for (int i = 0; i < many; ++i) {
    raw_client c = client();
    if (i % 3 != 0) {
      EXPECT_TRUE(c.send(std::string_view(get_root).substr(0, i % 3 == 1 ? get_root.size() : 10)));
    }
    c.reset();
  }
  EXPECT_EQ(client().get("/").status, 200);
  await_no_connection();
}

} // namespace
} // namespace perron::httpd::core
