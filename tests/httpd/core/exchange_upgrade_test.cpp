// SPDX-License-Identifier: BSD-3-Clause
// Connections that carry another protocol after a 101.
#include <perron/httpd/core/exchange.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class exchange_upgrade_test : public server_fixture {
protected:
  /// A server with one route, whose handler speaks "test".
  void serve_test(handler h, server_options options = {}) {
    serve(router().get("/", std::move(h)), std::move(options));
  }
  /// A client that has sent its request, with `more` right behind it, and has seen the 101.
  raw_client upgraded_client(std::string_view more = {}) {
    raw_client c = client();
    EXPECT_TRUE(c.send(std::string(request_head) + std::string(more)));
    EXPECT_THAT(c.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
    return c;
  }

  static constexpr std::string_view request_head =
      "GET /?a HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n";
};

struct go_on {};

std::string read_some(duplex& peer) {
  std::array<char, 64> bytes;
  return {bytes.data(), peer.read(bytes)};
}
std::optional<std::string> try_read_some(duplex& peer) {
  std::array<char, 64> bytes;
  if (const auto n = peer.try_read(bytes))
    return std::string(bytes.data(), *n);
  return std::nullopt;
}

/// Sends back what comes, until the peer ends.
response echo(request& r) {
  duplex peer = r.upgrade("test", {{"X-A", "b"}});
  for (std::string bytes; !(bytes = read_some(peer)).empty();)
    peer.write(std::array<std::string_view, 3>{"<", bytes, ">"});
  peer.write("end");
  return peer.end();
}

TEST_F(exchange_upgrade_test, rfc9110_7_8_says_to_which_protocol_it_switches) {
  serve_test(echo);
  raw_client c = client();
  const answer a = c.ask(request_head);
  EXPECT_EQ(a.status, 101);
  EXPECT_EQ(a.field("Connection"), "upgrade");
  EXPECT_EQ(a.field("Upgrade"), "test");
  EXPECT_EQ(a.field("X-A"), "b");
  EXPECT_FALSE(a.has("Content-Length"));
}

TEST_F(exchange_upgrade_test, bytes_go_both_ways_and_an_end_reads_as_nothing) {
  serve_test(echo);
  raw_client c = upgraded_client();
  ASSERT_TRUE(c.send("abc"));
  EXPECT_EQ(c.read_until(">"), "<abc>");
  ASSERT_TRUE(c.send("d"));
  EXPECT_EQ(c.read_until(">"), "<d>");
  c.shut_writing();
  EXPECT_EQ(c.read_to_end(), "end");
  EXPECT_EQ(await_no_connection().client_gone, 0U);
}

TEST_F(exchange_upgrade_test, bytes_behind_the_request_are_read_first) {
  serve_test([](request& r) {
    duplex peer = r.upgrade("test");
    std::array<char, 2> few;
    std::string all;
    while (const std::size_t n = peer.read(few))
      all.append(few.data(), n) += '|';
    peer.write(all);
    return peer.end();
  });
  raw_client c = upgraded_client("abc");
  ASSERT_TRUE(c.send("de"));
  c.shut_writing();
  const std::string all = c.read_to_end();
  EXPECT_THAT(all, StartsWith("ab|c|d"));
}

TEST_F(exchange_upgrade_test, notify_sends_one_mail_when_there_is_something) {
  outcome_queue<runtime::pid> waiting;
  serve_test([&](request& r) {
    duplex peer = r.upgrade("test");
    std::string told;
    EXPECT_EQ(try_read_some(peer), std::nullopt);
    peer.notify();
    peer.notify();
    waiting.put(runtime::self());
    for (bool runs = true; runs;)
      runtime::receive(
          [&](readable) {
            while (auto bytes = try_read_some(peer)) {
              if (bytes->empty()) {
                runs = false;
                break;
              }
              told += *bytes;
            }
            peer.write("got " + told + ';');
            if (runs)
              peer.notify();
          },
          [&](go_on) { peer.write("mail;"); });
    return peer.end();
  });
  raw_client c = upgraded_client();
  const runtime::pid who = waiting.take().value();
  runtime::send(who, go_on{});
  EXPECT_EQ(c.read_until(";"), "mail;");
  ASSERT_TRUE(c.send("a"));
  EXPECT_EQ(c.read_until(";"), "got a;");
  ASSERT_TRUE(c.send("b"));
  EXPECT_EQ(c.read_until(";"), "got ab;");
  c.shut_writing();
  EXPECT_EQ(c.read_to_end(), "got ab;");
}

TEST_F(exchange_upgrade_test, notify_tells_of_what_is_there_already) {
  event& came = new_event();
  serve_test([&](request& r) {
    duplex peer = r.upgrade("test");
    peer.notify();
    runtime::receive_one<readable>();
    const auto first = try_read_some(peer);
    came.happen();
    runtime::receive_one<go_on>();
    peer.notify();
    runtime::receive_one<readable>();
    peer.write(first.value_or("nothing") + ' ' + read_some(peer));
    return peer.end();
  });
  raw_client c = upgraded_client("early");
  came.await();
  ASSERT_TRUE(c.send("late"));
  run([&] {
    for (const auto& each : supervisors::which_requests(server().who).value().requests)
      runtime::send(each.who, go_on{});
  });
  EXPECT_EQ(c.read_to_end(), "early late");
}

/// What is left of a handler that hibernates.
struct session {
  duplex peer;
  int rounds;

  void operator()() {
    runtime::receive(
        [&](readable) {
          const auto bytes = try_read_some(peer);
          if (bytes && bytes->empty()) {
            peer.end();
            rounds = 0;
          } else if (bytes) {
            peer.write(std::to_string(++rounds) + *bytes + ';');
          }
        },
        [&](go_on) { peer.write("mail;"); });
    if (rounds != 0) {
      peer.notify();
      runtime::hibernate(std::move(*this));
    }
  }
};

TEST_F(exchange_upgrade_test, wakes_a_process_that_hibernates_and_shrinks_what_is_kept_of_its_request) {
  outcome_queue<runtime::pid> asleep;
  serve_test([&](request& r) -> response {
    session s{r.upgrade("test"), 1};
    s.peer.notify();
    asleep.put(runtime::self());
    runtime::hibernate(std::move(s));
  });
  raw_client c = upgraded_client();
  const runtime::pid who = asleep.take().value();
  run([&] {
    yield_until([&] { return who.slot()->state.load() == runtime::core::process_state::hibernating; });
    const auto page = supervisors::which_requests(server().who).value();
    ASSERT_EQ(page.requests.size(), 1U);
    EXPECT_EQ(page.requests[0].label, "GET /?a");
  });
  for (int i = 2; i < 5; ++i) {
    ASSERT_TRUE(c.send("x"));
    EXPECT_EQ(c.read_until(";"), std::to_string(i) + "x;");
    runtime::send(who, go_on{});
    EXPECT_EQ(c.read_until(";"), "mail;");
  }
  c.shut_writing();
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_no_connection().crashed, 0U);
}

TEST_F(exchange_upgrade_test, a_hibernating_process_is_stopped_and_its_connection_closes) {
  server_options options;
  options.drain_time = 1ms;
  outcome_queue<runtime::pid> asleep;
  serve_test(
      [&](request& r) -> response {
        session s{r.upgrade("test"), 1};
        asleep.put(runtime::self());
        runtime::hibernate(std::move(s));
      },
      options);
  raw_client c = upgraded_client();
  runtime::exit(asleep.take().value(), runtime::exit_reason::shutdown());
  EXPECT_TRUE(c.at_end());
  raw_client other = upgraded_client();
  asleep.take();
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  EXPECT_TRUE(other.at_end());
}

TEST_F(exchange_upgrade_test, a_peer_that_ends_its_half_does_not_interrupt) {
  outcome_queue<runtime::pid> waiting;
  serve_test([&](request& r) {
    duplex peer = r.upgrade("test");
    waiting.put(runtime::self());
    runtime::receive_one<go_on>();
    peer.write("still here");
    EXPECT_EQ(read_some(peer), "");
    return peer.end();
  });
  for (const bool early : {false, true}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(request_head));
    if (early)
      c.shut_writing();
    const runtime::pid who = waiting.take().value();
    EXPECT_EQ(c.read().status, 101);
    if (!early)
      c.shut_writing();
    // the end is seen before the process goes on: it has news for whoever asks next
    run([&] {
      yield_until([&] { return who.slot()->waits_for.load() == runtime::core::wait_kind::receive; });
    });
    runtime::send(who, go_on{});
    EXPECT_EQ(c.read_to_end(), "still here");
  }
  EXPECT_EQ(await_no_connection().client_gone, 0U);
}

TEST_F(exchange_upgrade_test, a_peer_that_is_gone_ends_the_process_when_it_reads_or_writes) {
  serve_test([](request& r) {
    duplex peer = r.upgrade("test");
    peer.notify();
    runtime::receive_one<readable>();
    for (;;) {
      peer.write("x");
      if (r.path() == "/none")
        break;
    }
    return peer.end();
  });
  raw_client c = upgraded_client();
  c.reset();
  EXPECT_EQ(await_no_connection().client_gone, 1U);
}

TEST_F(exchange_upgrade_test, one_that_is_not_ended_is_closed_all_the_same) {
  serve_test([](request& r) -> response {
    duplex peer = r.upgrade("test");
    peer.write("abc");
    throw std::runtime_error("in the middle");
  });
  raw_client c = upgraded_client();
  EXPECT_EQ(c.read_to_end(), "abc");
  c.close();
  EXPECT_EQ(await_no_connection().crashed, 1U);
}

TEST_F(exchange_upgrade_test, what_was_written_last_arrives_though_the_peer_goes_on_sending) {
  serve_test([](request& r) {
    duplex peer = r.upgrade("test");
    read_some(peer);
    peer.write("bye");
    return peer.end();
  });
  for (int i = 0; i < 20; ++i) {
    raw_client c = upgraded_client();
    const std::string part(50'000, 'x');
    for (int k = 0; k < 10; ++k)
      EXPECT_TRUE(c.send(part)) << "was reset";
    EXPECT_EQ(c.read_to_end(), "bye");
  }
}

TEST_F(exchange_upgrade_test, a_reader_that_takes_nothing_ends_the_process) {
  server_options options;
  options.write_time = 1ms;
  serve_test(
      [](request& r) {
        duplex peer = r.upgrade("test");
        for (const std::string bytes(10'000, 'x');;)
          peer.write(bytes);
        return peer.end();
      },
      options);
  raw_client c = client(4096);
  ASSERT_TRUE(c.send(request_head));
  await([](const server_stats& s) { return s.slow_readers == 1 && s.connections == 0; });
}

TEST_F(exchange_upgrade_test, what_cannot_be_upgraded_is_answered_400) {
  serve(router().add("GET", "/", echo).add("POST", "/", echo));
  raw_client old = client();
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n").status, 400);
  raw_client c = client();
  EXPECT_EQ(c.post("/", "body").status, 400);
  EXPECT_EQ(c.post("/", "again").status, 400) << "and the connection goes on";
}

TEST_F(exchange_upgrade_test, the_time_of_a_request_does_not_hold_for_it) {
  server_options options;
  options.request_time = 1s; // more than it takes to look a route up on a busy machine
  outcome_queue<runtime::pid> waiting;
  serve(router()
            .get("/",
                 [&](request& r) {
                   duplex peer = r.upgrade("test");
                   waiting.put(runtime::self());
                   runtime::receive_one<go_on>();
                   peer.write("still here");
                   return peer.end();
                 })
            .get("/hangs", wait_for_ever),
        options);
  raw_client c = upgraded_client();
  EXPECT_EQ(client().get("/hangs").status, 503);
  runtime::send(waiting.take().value(), go_on{});
  EXPECT_EQ(c.read_to_end(), "still here");
  c.close();
  EXPECT_EQ(await_no_connection().late, 1U);
}

} // namespace
} // namespace perron::httpd::core
