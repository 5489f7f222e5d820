// SPDX-License-Identifier: BSD-3-Clause
// A server as a request supervisor: causes of death, limits, alarms, lists, drains (otp-semantics 5.11 and
// 5.12 h, i).
#include <perron/supervisors/request_supervisor.hpp>

#include "httpd/server_fixture.hpp"
#include "support/bad_processes.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using runtime::exit_reason;
using supervisors::drain_outcome;
using supervisors::request_end;
using ::testing::ElementsAre;

constexpr std::size_t workers = 2; // of the fixture's node, and so acceptors

struct go_on {};
const std::string get_wait = "GET /wait HTTP/1.1\r\nHost: test\r\n\r\n";

class request_supervision_test : public server_fixture {
protected:
  /// "/wait" tells who it is and answers when it is told to; "/" answers at once.
  router routes() {
    return router()
        .get("/", [](request&) { return text("hello"); })
        .post("/", [](request& r) { return text(std::string(r.body())); })
        .get("/crash", [](request&) -> response { throw std::runtime_error("as ordered"); })
        .get("/large", [](request&) { return text(std::string(20'000'000, 'x')); })
        .get("/stubborn",
             [this](request&) -> response {
               waiting_.put(runtime::self());
               bad::trap_exits{}();
               return {};
             })
        .get("/left",
             [this](request& r) {
               r.leave_count();
               r.leave_count();
               waiting_.put(runtime::self());
               runtime::receive_one<go_on>();
               return text("in time");
             })
        .get("/wait", [this](request&) {
          waiting_.put(runtime::self());
          runtime::receive_one<go_on>();
          return text("in time");
        });
  }

  /// A client whose request waits, and its process.
  std::pair<raw_client, runtime::pid> waiting_client(const std::string& path = "/wait") {
    raw_client c = client();
    EXPECT_TRUE(c.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
    return {std::move(c), waiting_.take().value_or(runtime::pid())};
  }

  supervisors::request_counts counts() {
    supervisors::request_counts out;
    run([&] { out = supervisors::count_requests(server().who).value(); });
    return out;
  }
  drain_outcome drained(std::chrono::milliseconds deadline) {
    drain_outcome out;
    run([&] { out = supervisors::drain(server().who, deadline).value(); });
    return out;
  }
  /// Begins a drain and gives where its outcome will be found.
  outcome_queue<drain_outcome>& begin_drain(std::chrono::milliseconds deadline) {
    node().spawn(
        [this, deadline, who = server().who] { drains_.put(supervisors::drain(who, deadline).value()); });
    return drains_;
  }

private:
  outcome_queue<runtime::pid> waiting_;
  outcome_queue<drain_outcome> drains_;
};

// -- causes of death

TEST_F(request_supervision_test, each_end_is_counted_under_its_kind) {
  server_options options;
  options.write_time = 1ms;
  options.body_time = 1ms;
  serve(routes(), options);
  const auto ended = [&](request_end how, std::uint64_t times = 1) {
    run([&] {
      yield_until([&] { return supervisors::count_requests(server().who).value().ended_as(how) == times; });
    });
  };

  raw_client good = client();
  EXPECT_EQ(good.get("/").status, 200);
  EXPECT_EQ(good.get("/nowhere").status, 404);
  ended(request_end::normal, 2);

  EXPECT_EQ(client().get("/crash").status, 500);
  ended(request_end::crashed);

  waiting_client().first.close();
  ended(request_end::client_gone);

  raw_client slow = client(4096);
  ASSERT_TRUE(slow.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
  ended(request_end::slow_reader);

  raw_client late = client();
  EXPECT_EQ(late.ask("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf").status, 408);
  ended(request_end::deadline);

  auto [killed, who] = waiting_client();
  runtime::exit(who, exit_reason::kill());
  EXPECT_EQ(killed.read().status, 503);
  ended(request_end::killed);

  auto [left, unused] = waiting_client();
  EXPECT_EQ(drained(0ms).drained, 1U);
  EXPECT_EQ(left.read().status, 503);
  EXPECT_THAT(counts().ended, ElementsAre(2, 1, 1, 1, 1, 1, 1));

  const server_stats now = stats();
  EXPECT_EQ(now.requests, 8U);
  EXPECT_EQ(now.running, 0U);
  EXPECT_EQ(now.crashed, 1U);
  EXPECT_EQ(now.client_gone, 1U);
  EXPECT_EQ(now.slow_readers, 1U);
  EXPECT_EQ(now.late, 1U);
  EXPECT_EQ(now.drained, 1U);
  EXPECT_EQ(now.killed, 1U);
}

TEST_F(request_supervision_test, a_slow_reader_is_gone_to_those_who_watch) {
  server_options options;
  options.write_time = 1ms;
  outcome_queue<exit_reason> reasons;
  serve(router().get("/",
                     [&](request&) {
                       runtime::spawn([&, who = runtime::self()] {
                         const runtime::monitor_ref over = runtime::monitor(who);
                         runtime::send(who, go_on{});
                         reasons.put(reason_of(over));
                       });
                       runtime::receive_one<go_on>();
                       return text(std::string(20'000'000, 'x'));
                     }),
        options);
  raw_client slow = client(4096);
  ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_EQ(reasons.take(), supervisors::slow_reader());
}

TEST_F(request_supervision_test, a_request_that_takes_too_long_is_ended) {
  server_options options;
  options.request_time = 1ms;
  serve(routes(), options);
  for (const char* path : {"/wait", "/stubborn"}) {
    raw_client c = client(); // not a waiting one: the time may be over before the handler begins
    EXPECT_EQ(c.get(path).status, 503) << path;
    EXPECT_TRUE(c.at_end()) << path;
  }
  const server_stats now = await_no_connection();
  EXPECT_EQ(now.late, 2U);
  EXPECT_EQ(now.killed + now.crashed, 0U);
}

TEST_F(request_supervision_test, a_request_in_time_is_not_touched_and_the_next_has_its_own) {
  server_options options;
  options.request_time = 10min;
  serve(routes(), options);
  raw_client c = client();
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(c.get("/").status, 200);
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).late, 0U);
}

TEST_F(request_supervision_test, a_request_costs_no_message) {
  serve(routes());
  raw_client c = client();
  ASSERT_EQ(c.get("/").status, 200);
  await([](const server_stats& s) { return s.running == 0; });
  const std::uint64_t before = node().stats().messages;
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(c.get("/").status, 200);
  EXPECT_LT(node().stats().messages - before, 10U) << "what the test itself had asked may still be counted";
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 0; }).requests, 1'001U);
}

// -- limits

TEST_F(request_supervision_test, max_connections_is_passed_by_no_more_than_the_acceptors) {
  constexpr std::size_t most = 5;
  constexpr std::size_t clients = 40;
  server_options options;
  options.max_connections = most;
  serve(routes(), options);
  std::vector<raw_client> all;
  for (std::size_t i = 0; i < clients; ++i) {
    all.push_back(client());
    ASSERT_TRUE(all.back().send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  }
  // each end lets one in, wherever he waits
  for (raw_client& c : all) {
    EXPECT_LE(stats().connections, most + workers - 1);
    EXPECT_EQ(c.read().status, 200);
    EXPECT_TRUE(c.at_end());
  }
  EXPECT_EQ(await_no_connection().accepted, clients);
}

TEST_F(request_supervision_test, a_raised_limit_lets_those_in_who_wait) {
  server_options options;
  options.max_connections = 1;
  serve(routes(), options);
  raw_client first = client();
  ASSERT_EQ(first.get("/").status, 200);
  std::vector<raw_client> more;
  for (int i = 0; i < 20; ++i) {
    more.push_back(client());
    ASSERT_TRUE(more.back().send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  }
  run([&] { EXPECT_TRUE(supervisors::set_max_connections(server().who, 21)); });
  for (raw_client& c : more)
    EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(stats().connections, 21U);
}

TEST_F(request_supervision_test, who_has_left_the_count_lets_others_in) {
  server_options options;
  options.max_connections = 1;
  serve(routes(), options);
  std::vector<std::pair<raw_client, runtime::pid>> long_polls;
  for (int i = 0; i < 10; ++i)
    long_polls.push_back(waiting_client("/left"));
  const supervisors::request_counts now = counts();
  EXPECT_EQ(now.connections, 10U);
  EXPECT_EQ(now.counted, 0U);
  EXPECT_EQ(now.running, 10U) << "they are supervised all the same";
  for (auto& [c, who] : long_polls) {
    runtime::send(who, go_on{});
    EXPECT_EQ(c.read().body, "in time");
  }
  EXPECT_EQ(counts().counted, 0U) << "for good";
  long_polls.clear();
  await_no_connection();
  EXPECT_EQ(counts().counted, 0U);
}

TEST_F(request_supervision_test, at_the_hard_limit_clients_get_a_503_at_once) {
  server_options options;
  options.hard_limit = 3;
  options.retry_after = 7s;
  serve(routes(), options);
  std::vector<raw_client> in;
  for (int i = 0; i < 3; ++i) {
    in.push_back(client());
    ASSERT_EQ(in.back().get("/").status, 200);
  }
  for (int i = 0; i < 200; ++i) {
    raw_client out = client();
    const answer a = out.read(); // before it has asked for anything
    ASSERT_EQ(a.status, 503);
    EXPECT_EQ(a.field("Retry-After"), "7");
    EXPECT_EQ(a.field("Connection"), "close");
    EXPECT_TRUE(out.at_end());
  }
  EXPECT_EQ(stats().turned_away, 200U);
  EXPECT_EQ(stats().accepted, 3U);
  for (raw_client& c : in)
    EXPECT_EQ(c.get("/").status, 200) << "those that are in notice nothing";
  in.pop_back();
  await([](const server_stats& s) { return s.connections == 2; });
  EXPECT_EQ(client().get("/").status, 200);
}

TEST_F(request_supervision_test, the_hard_limit_counts_those_that_have_left_the_count) {
  server_options options;
  options.max_connections = 1;
  options.hard_limit = 4;
  serve(routes(), options);
  std::vector<std::pair<raw_client, runtime::pid>> long_polls;
  for (int i = 0; i < 4; ++i)
    long_polls.push_back(waiting_client("/left"));
  EXPECT_EQ(client().read().status, 503);
  run([&] { EXPECT_TRUE(supervisors::set_hard_limit(server().who, 0)); });
  EXPECT_EQ(client().get("/").status, 200);
  long_polls.clear();
}

TEST_F(request_supervision_test, an_alarm_is_raised_once_in_a_cooldown) {
  outcome_queue<supervisors::alarm_info> alarms;
  outcome_queue<runtime::pid> callers;
  server_options options;
  options.alarms = {{.name = "busy",
                     .threshold = 3,
                     .call =
                         [&](const supervisors::alarm_info& what) {
                           callers.put(runtime::self());
                           alarms.put(what);
                         },
                     .cooldown = 10min},
                    {.name = "full", .threshold = 5, .call = [&](const supervisors::alarm_info& what) {
                       alarms.put(what);
                     }}};
  serve(routes(), options);
  std::vector<raw_client> in;
  std::vector<std::string> told;
  const auto take = [&] {
    const auto what = alarms.take();
    EXPECT_EQ(what->supervisor, server().who);
    told.push_back(what->name + ' ' + std::to_string(what->connections));
  };
  for (int i = 0; i < 5; ++i) {
    in.push_back(client());
    ASSERT_EQ(in.back().get("/").status, 200);
    if (in.size() == 3 || in.size() == 5)
      take();
  }
  EXPECT_THAT(told, ElementsAre("busy 3", "full 5")) << "4 and 5 are above the first one's threshold as well";
  EXPECT_NE(callers.take(), server().who);
}

// -- lists

TEST_F(request_supervision_test, lists_requests_with_what_they_were_asked) {
  serve(routes());
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").status, 200);
  std::vector<std::pair<raw_client, runtime::pid>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(waiting_client("/wait?number=" + std::to_string(i)));
  all.push_back(waiting_client("/wait?" + std::string(1000, 'x')));
  run([&] {
    const supervisors::request_page page = supervisors::which_requests(server().who).value();
    EXPECT_FALSE(page.more);
    ASSERT_EQ(page.requests.size(), all.size());
    std::size_t seen = 0;
    for (const supervisors::request_info& each : page.requests)
      for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].second == each.who) {
          ++seen;
          if (i < 5)
            EXPECT_EQ(each.label, "GET /wait?number=" + std::to_string(i));
          else
            EXPECT_EQ(each.label.size(), 256U);
        }
    EXPECT_EQ(seen, all.size());
    const auto part = supervisors::which_requests(server().who, page.requests[1].who, 2).value();
    ASSERT_EQ(part.requests.size(), 2U);
    EXPECT_EQ(part.requests[0].who, page.requests[2].who);
    EXPECT_TRUE(part.more);
  });
  run([&] { EXPECT_TRUE(supervisors::stop_request(server().who, all[2].second)); });
  EXPECT_EQ(all[2].first.read().status, 503);
  EXPECT_EQ(await([](const server_stats& s) { return s.running == 5; }).killed, 1U);
  for (auto& [c, who] : all)
    runtime::send(who, go_on{});
  EXPECT_EQ(all[0].first.read().status, 200);
}

TEST_F(request_supervision_test, is_listed_while_requests_come_and_go) {
  serve(routes());
  std::atomic<bool> over{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back([&, port = server().port] {
      raw_client c = client_at(port);
      while (!over)
        EXPECT_EQ(c.get("/").status, 200);
    });
  const std::size_t rounds = scaled(2'000, 200);
  run([&] {
    for (std::size_t i = 0; i < rounds; ++i)
      for (const supervisors::request_info& each : supervisors::which_requests(server().who).value().requests)
        EXPECT_EQ(each.label, "GET /");
  });
  over = true;
  for (std::thread& t : clients)
    t.join();
}

// -- drain, suspend, resume

TEST_F(request_supervision_test, a_drain_closes_the_idle_waits_for_the_busy_and_ends_the_stuck) {
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

TEST_F(request_supervision_test, a_drain_says_what_could_not_be_ended) {
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

TEST_F(request_supervision_test, suspended_it_listens_no_more_and_lets_connections_live) {
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

TEST_F(request_supervision_test, says_why_it_cannot_listen_again) {
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

TEST_F(request_supervision_test, suspended_while_full_it_forgets_its_sleeping_acceptors) {
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
