// SPDX-License-Identifier: BSD-3-Clause
// How many connections a server takes as a request supervisor, and alarms (otp-semantics 5.11).
#include <perron/supervisors/request_supervisor.hpp>

#include "httpd/request_supervision_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr std::size_t workers = 2; // of the fixture's node, and so acceptors

class request_limits_test : public request_supervision_fixture {};

TEST_F(request_limits_test, max_connections_is_passed_by_no_more_than_the_acceptors) {
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

TEST_F(request_limits_test, a_raised_limit_lets_those_in_who_wait) {
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

TEST_F(request_limits_test, who_has_left_the_count_lets_others_in) {
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

TEST_F(request_limits_test, at_the_hard_limit_clients_get_a_503_at_once) {
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

TEST_F(request_limits_test, the_hard_limit_counts_those_that_have_left_the_count) {
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

TEST_F(request_limits_test, an_alarm_is_raised_once_in_a_cooldown) {
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

} // namespace
} // namespace perron::httpd
