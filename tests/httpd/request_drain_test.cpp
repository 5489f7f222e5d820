// SPDX-License-Identifier: BSD-3-Clause
// Drains of a server, and how it stops and begins to accept again (otp-semantics 5.12 h, i).
#include <perron/supervisors/request_supervisor.hpp>

#include "httpd/request_supervision_fixture.hpp"
#include "support/bad_processes.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using runtime::exit_reason;
using supervisors::drain_outcome;
using supervisors::request_end;

class request_drain_test : public request_supervision_fixture {};

TEST_F(request_drain_test, a_drain_closes_the_idle_waits_for_the_busy_and_ends_the_stuck) {
  serve(routes());
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").status, 200);
  auto [busy, busy_one] = waiting_client();
  outcome_queue<drain_outcome>& outcome = begin_drain(10min);
  EXPECT_TRUE(idle.at_end());
  raw_client late;
  EXPECT_FALSE(late.connect(server().port)) << "nobody listens any more";
  runtime::send(busy_one, go_on{});
  const answer a = busy.read();
  EXPECT_EQ(a.body, "in time");
  EXPECT_EQ(a.field("Connection"), "close");
  busy.close();
  drain_outcome out = outcome.take().value();
  EXPECT_EQ(out.drained, 0U);
  EXPECT_EQ(out.left, 0U);

  run([&] { EXPECT_TRUE(supervisors::resume_accepting(server().who)); });
  EXPECT_EQ(client().get("/").status, 200);
  auto [stuck, stuck_one] = waiting_client();
  auto [stubborn, stubborn_one] = waiting_client("/stubborn");
  out = drained(1ms);
  EXPECT_EQ(out.drained, 2U);
  EXPECT_EQ(out.left, 0U);
  for (raw_client* c : {&stuck, &stubborn}) {
    EXPECT_EQ(c->read().status, 503);
    EXPECT_TRUE(c->at_end());
  }
  EXPECT_EQ(counts().ended_as(request_end::drained), 2U);
  EXPECT_EQ(stop_server(), exit_reason::shutdown());
}

TEST_F(request_drain_test, a_drain_says_what_could_not_be_ended) {
  const bad::spin busy;
  event& entered = new_event();
  serve(router().get("/", [busy, &entered](request&) {
    entered.happen();
    busy();
    return text("at last");
  }));
  raw_client c = client();
  ASSERT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  entered.await();
  const drain_outcome out = drained(0ms);
  EXPECT_EQ(out.drained, 0U);
  EXPECT_EQ(out.left, 1U);
  busy.enough->store(true, std::memory_order_release);
  c.read_to_end();
  await_no_connection();
}

TEST_F(request_drain_test, suspended_it_listens_no_more_and_lets_connections_live) {
  serve(routes());
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").status, 200);
  run([&] { EXPECT_TRUE(supervisors::suspend_accepting(server().who)); });
  raw_client late;
  EXPECT_FALSE(late.connect(server().port));
  for (int i = 0; i < 10; ++i) {
    const answer a = idle.get("/");
    EXPECT_EQ(a.status, 200);
    EXPECT_NE(a.field("Connection"), "close");
  }
  for (int i = 0; i < 3; ++i)
    run([&] {
      EXPECT_TRUE(supervisors::resume_accepting(server().who));
      EXPECT_EQ(server_port(server().who).value(), server().port) << "the port it had";
      EXPECT_TRUE(supervisors::suspend_accepting(server().who));
      EXPECT_TRUE(supervisors::suspend_accepting(server().who));
      EXPECT_TRUE(supervisors::resume_accepting(server().who));
    });
  EXPECT_EQ(client().get("/").status, 200);
  EXPECT_EQ(idle.get("/").status, 200);
}

TEST_F(request_drain_test, says_why_it_cannot_listen_again) {
  served& first = serve(routes());
  run([&] { EXPECT_TRUE(supervisors::suspend_accepting(first.who)); });
  server_options options;
  options.port = first.port;
  served& second = serve_as_told(routes(), options);
  run([&] {
    const auto again = supervisors::resume_accepting(first.who);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, EADDRINUSE);
  });
  EXPECT_EQ(stop_server(second), exit_reason::shutdown());
  run([&] { EXPECT_TRUE(supervisors::resume_accepting(first.who)); });
  EXPECT_EQ(client_at(first.port).get("/").status, 200);
}

TEST_F(request_drain_test, suspended_while_full_it_forgets_its_sleeping_acceptors) {
  server_options options;
  options.max_connections = 1;
  serve(routes(), options);
  for (int i = 0; i < 20; ++i) {
    raw_client in = client();
    ASSERT_EQ(in.get("/").status, 200);
    raw_client waits = client();
    run([&] { EXPECT_TRUE(supervisors::suspend_accepting(server().who)); });
    in.close(); // wakes one, which may be closed at the same time
    run([&] { EXPECT_TRUE(supervisors::resume_accepting(server().who)); });
  }
  EXPECT_EQ(client().get("/").status, 200);
}

} // namespace
} // namespace perron::httpd
