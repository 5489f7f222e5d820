// SPDX-License-Identifier: BSD-3-Clause
// Servers as a whole: how they start, how they stop, and what is left of them.
#include <perron/httpd/server.hpp>

#include "httpd/server_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/httpd/child.hpp>
#include <perron/supervisors/request_supervisor.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using runtime::exit_reason;
using ::testing::HasSubstr;

router saying(std::string what) {
  return router().get("/", [what](request&) { return text(what); });
}
struct go_on {};
/// "/" tells who it is and answers when it is told to; "/hello" answers at once.
router waiting_to_go_on(outcome_queue<runtime::pid>& waiting) {
  return router()
      .get("/",
           [&waiting](request&) {
             waiting.put(runtime::self());
             runtime::receive_one<go_on>();
             return text("in time");
           })
      .get("/hello", [](request&) { return text("hello"); });
}
const std::string get_root = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

class server_test : public server_fixture {};

// -- start

TEST_F(server_test, finds_a_free_port_itself) {
  serve(saying("hello"));
  EXPECT_NE(server().port, 0);
  EXPECT_EQ(client().get("/").body, "hello");
  const server_stats now = await([](const server_stats& s) { return s.running == 0 && s.connections == 0; });
  EXPECT_EQ(now.accepted, 1U);
  EXPECT_EQ(now.requests, 1U);
  EXPECT_EQ(now.crashed + now.client_gone + now.refused, 0U);
}

TEST_F(server_test, several_of_them_live_in_one_node) {
  served& one = serve(saying("one"));
  served& two = serve(saying("two"));
  ASSERT_NE(one.port, two.port);
  raw_client to_one = client_at(one.port);
  raw_client to_two = client_at(two.port);
  EXPECT_EQ(to_one.get("/").body, "one");
  EXPECT_EQ(to_two.get("/").body, "two");
  EXPECT_EQ(stop_server(one), exit_reason::shutdown());
  EXPECT_TRUE(to_one.at_end());
  EXPECT_EQ(to_two.get("/").body, "two");
  EXPECT_EQ(stats(two).requests, 2U);
}

TEST_F(server_test, says_why_it_cannot_listen) {
  served& first = serve(saying("first"));
  server_options options;
  options.port = first.port;
  serve_as_told(saying("second"), options);
  EXPECT_THAT(start_error(), HasSubstr("listen on 127.0.0.1:" + std::to_string(first.port) + ": "));
  EXPECT_THAT(start_error(), HasSubstr("Address already in use"));
  EXPECT_EQ(client_at(first.port).get("/").body, "first");

  options.host = "nowhere";
  serve_as_told(saying("second"), options);
  EXPECT_THAT(start_error(), HasSubstr("listen on 'nowhere': not a numeric IPv4 or IPv6 address"));
  options.host = "192.0.2.1"; // RFC 5737: nobody's
  serve_as_told(saying("second"), options);
  EXPECT_THAT(start_error(), HasSubstr("Cannot assign requested address"));
}

TEST_F(server_test, has_the_name_it_is_given) {
  server_options options;
  options.name = "front";
  serve(saying("hello"), options);
  run([&] { EXPECT_EQ(runtime::whereis("front"), server().who); });
}

TEST_F(server_test, a_route_that_is_wrong_is_told_to_the_programmer) {
  router r;
  EXPECT_THROW(r.get("no/slash", [](request&) { return text(""); }), std::invalid_argument);
}

// -- ordered stop

TEST_F(server_test, a_stop_closes_idle_connections_at_once) {
  server_options options;
  options.drain_time = 10min;
  serve(saying("hello"), options);
  std::vector<raw_client> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(client());
    EXPECT_EQ(idle.back().get("/").status, 200);
  }
  idle.push_back(client());
  ASSERT_TRUE(idle.back().send("GET / HTT"));
  EXPECT_EQ(stop_server(), exit_reason::shutdown());
  for (raw_client& c : idle)
    EXPECT_EQ(c.read_to_end(), "");
  raw_client late;
  EXPECT_FALSE(late.connect(server().port));
}

TEST_F(server_test, a_stop_lets_running_requests_end) {
  server_options options;
  options.drain_time = 10min;
  outcome_queue<runtime::pid> waiting;
  serve(waiting_to_go_on(waiting), options);
  raw_client c = client();
  ASSERT_TRUE(c.send(get_root + get_root));
  raw_client idle = client();
  EXPECT_EQ(idle.get("/hello").status, 200);
  const runtime::pid request = waiting.take().value();
  begin_stop(server());
  EXPECT_TRUE(idle.at_end()) << "the stop has begun";
  raw_client late;
  EXPECT_FALSE(late.connect(server().port)) << "nobody listens any more";
  runtime::send(request, go_on{});
  const answer a = c.read();
  EXPECT_EQ(a.body, "in time");
  EXPECT_EQ(a.field("Connection"), "close");
  c.read_to_end();
  EXPECT_EQ(await_end(server()), exit_reason::shutdown());
}

TEST_F(server_test, winding_down_leaves_each_connection_its_next_answer) {
  serve(saying("hello"));
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").body, "hello");
  run([&] { EXPECT_TRUE(wind_down(server().who)); });
  raw_client late;
  EXPECT_FALSE(late.connect(server().port)) << "nobody listens any more";
  const answer last = idle.get("/");
  EXPECT_EQ(last.body, "hello");
  EXPECT_EQ(last.field("Connection"), "close");
  EXPECT_TRUE(idle.at_end());
  run([&] { EXPECT_TRUE(supervisors::resume_accepting(server().who)); });
  EXPECT_FALSE(client().get("/").has("Connection"));
}

class server_one_worker_test : public server_fixture {
protected:
  server_one_worker_test() : server_fixture(test_options(1)) {}
};

TEST_F(server_one_worker_test, a_stop_is_over_when_the_last_request_is) {
  server_options options;
  options.drain_time = 10min;
  outcome_queue<runtime::pid> waiting;
  serve(waiting_to_go_on(waiting), options);
  raw_client c = client();
  ASSERT_TRUE(c.send(get_root));
  raw_client idle = client();
  EXPECT_EQ(idle.get("/hello").status, 200);
  const runtime::pid request = waiting.take().value();
  begin_stop(server());
  EXPECT_TRUE(idle.at_end());
  runtime::send(request, go_on{});
  EXPECT_EQ(c.read().body, "in time");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(await_end(server()), exit_reason::shutdown());
}

TEST_F(server_test, a_stop_kills_requests_that_outlast_drain_time) {
  server_options options;
  options.drain_time = 1ms;
  event& entered = new_event(3);
  event& ended = new_event(3);
  serve(router()
            .get("/",
                 [&](request& r) {
                   const on_exit told{ended};
                   entered.happen();
                   return wait_for_ever(r);
                 })
            .get("/stubborn",
                 [&](request&) -> response {
                   const on_exit told{ended};
                   entered.happen();
                   bad::trap_exits{}();
                   return {};
                 }),
        options);
  raw_client waits = client();
  raw_client also_waits = client();
  raw_client stubborn = client();
  ASSERT_TRUE(waits.send(get_root));
  ASSERT_TRUE(also_waits.send(get_root));
  ASSERT_TRUE(stubborn.send("GET /stubborn HTTP/1.1\r\nHost: test\r\n\r\n"));
  entered.await();
  EXPECT_EQ(stop_server(), exit_reason::shutdown());
  EXPECT_TRUE(ended.happened());
  for (raw_client* c : {&waits, &also_waits, &stubborn}) {
    EXPECT_EQ(c->read().status, 503);
    EXPECT_TRUE(c->at_end());
  }
}

TEST_F(server_test, a_stop_ends_although_a_request_cannot_be_killed) {
  server_options options;
  options.drain_time = 1ms;
  const bad::spin busy;
  event& entered = new_event();
  serve(router().get("/",
                     [busy, &entered](request&) {
                       entered.happen();
                       busy();
                       return text("at last");
                     }),
        options);
  raw_client c = client();
  ASSERT_TRUE(c.send(get_root));
  entered.await();
  EXPECT_EQ(stop_server(), exit_reason::shutdown());
  busy.enough->store(true, std::memory_order_release);
  c.read_to_end();
}

TEST_F(server_test, stops_while_clients_come_and_go) {
  for (int round = 0; round < 5; ++round) {
    served& s = serve(saying("hello"));
    std::atomic<bool> over{false};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
      clients.emplace_back([&, port = s.port] {
        while (!over) {
          raw_client c;
          if (!c.connect(port))
            return;
          for (int k = 0; k < 5 && c.get("/").status == 200; ++k) {
          }
        }
      });
    await(s, [](const server_stats& now) { return now.requests > 50; });
    EXPECT_EQ(stop_server(s), exit_reason::shutdown());
    over = true;
    for (std::thread& t : clients)
      t.join();
  }
}

// -- ends that are no ordered stop

TEST_F(server_test, ends_with_the_process_that_it_is_linked_to) {
  event& ended = new_event();
  outcome_queue<std::uint16_t> port;
  outcome_queue<runtime::pid> keeper;
  node().spawn([&] {
    server_options options;
    options.port = 0;
    const auto made = start_server(options, router().get("/", [&](request& r) {
      const on_exit told{ended};
      keeper.put(runtime::pid());
      return wait_for_ever(r);
    }));
    port.put(server_port(made.value()).value());
    keeper.put(runtime::self());
    runtime::receive_one<never>();
  });
  const runtime::pid owner = keeper.take().value();
  raw_client c = client_at(port.take().value());
  ASSERT_TRUE(c.send(get_root));
  ASSERT_TRUE(keeper.take());
  c.shut_writing();
  runtime::exit(owner, exit_reason::kill());
  ended.await();
  c.read_to_end();
}

TEST_F(server_test, a_killed_server_takes_everything_with_it) {
  event& entered = new_event();
  event& ended = new_event();
  serve(router().get("/", [](request&) { return text("hello"); }).get("/wait", [&](request& r) {
    const on_exit told{ended};
    entered.happen();
    return wait_for_ever(r);
  }));
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").status, 200);
  raw_client waits = client();
  ASSERT_TRUE(waits.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n"));
  entered.await();
  runtime::exit(server().who, exit_reason::kill());
  EXPECT_EQ(await_end(server()), exit_reason::killed());
  ended.await();
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(waits.read().status, 503);
  EXPECT_TRUE(waits.at_end());
  raw_client late;
  EXPECT_FALSE(late.connect(server().port));
}

// Its old listening sockets must be out of the way by then, whatever they still have to do.
TEST_F(server_test, is_restarted_on_the_same_port) {
  const int rounds = static_cast<int>(scaled(50, 10));
  outcome_queue<std::uint16_t> ports;
  struct done {};
  const runtime::pid owner = node().spawn([&] {
    server_options options;
    options.name = "front";
    options.port = 0;
    const auto probe = start_server(options, saying(""));
    options.port = server_port(probe.value()).value();
    runtime::unlink(probe.value());
    const runtime::monitor_ref gone = runtime::monitor(probe.value());
    runtime::exit(probe.value(), exit_reason::kill());
    EXPECT_EQ(reason_of(gone), exit_reason::killed());

    const auto tree = supervisors::start_supervisor({.intensity = rounds + 1, .period = 10min},
                                                    {server_child("front", options, saying("hello"))});
    ASSERT_TRUE(tree) << tree.error().text;
    ports.put(options.port);
    runtime::receive_one<done>();
    runtime::unlink(*tree);
    const runtime::monitor_ref over = runtime::monitor(*tree);
    runtime::exit(*tree, exit_reason::shutdown());
    EXPECT_EQ(reason_of(over), exit_reason::shutdown());
  });
  const std::uint16_t port = ports.take().value_or(0);
  for (int i = 0; i < rounds && port != 0; ++i) {
    raw_client c = client_at(port);
    ASSERT_EQ(c.get("/").body, "hello");
    run([] {
      const runtime::pid old = runtime::whereis("front");
      runtime::exit(old, exit_reason::kill());
      const auto at = server_port(await_successor("front", old));
      EXPECT_TRUE(at) << at.error().text;
    });
    EXPECT_TRUE(c.at_end());
  }
  runtime::send(owner, done{});
  run([&] { yield_until([&] { return !runtime::alive(owner); }); });
}

} // namespace
} // namespace perron::httpd
