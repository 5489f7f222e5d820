// SPDX-License-Identifier: BSD-3-Clause
// A server as a request supervisor: causes of death and lists (otp-semantics 5.11).
#include <perron/supervisors/request_supervisor.hpp>

#include "httpd/request_supervision_fixture.hpp"

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
using supervisors::request_end;
using ::testing::ElementsAre;

class request_supervision_test : public request_supervision_fixture {};

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

} // namespace
} // namespace perron::httpd
