// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/long_poll.hpp>

#include "httpd/supervised_fixture.hpp"

#include <perron/runtime/inspect.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto never_in_this_test = 1h;

class long_poll_test : public supervised_fixture {
protected:
  /// `/poll`, whose leases send on what is sent to them.
  void serve_polls(const long_poll_options& how) {
    const long_poll polls("polls", how);
    supervise({polls.child()});
    serve(router().get("/poll", [polls, this](request& r) {
      return polls.answer(r, [this](poll_lease& client) {
        leases_.put(runtime::self());
        for (;;)
          client.receive([&](std::string event) { client.send(std::move(event)); });
      });
    }));
  }
  /// Polls that wait and leases that last for ever.
  static long_poll_options patient() { return {.longest = never_in_this_test, .window = never_in_this_test}; }

  struct lease {
    std::string token;
    runtime::pid who;

    void sends(const std::string& event) const { runtime::send(who, event); }
    std::string target(std::uint64_t cursor) const {
      return "/poll?lease=" + token + "&cursor=" + std::to_string(cursor);
    }
    std::string poll(std::uint64_t cursor) const {
      return "GET " + target(cursor) + " HTTP/1.1\r\nHost: test\r\n\r\n";
    }
  };
  lease begin() {
    const answer first = client().get("/poll");
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.field("Cache-Control"), "no-store");
    const json body = json::parse(first.body);
    EXPECT_EQ(body["cursor"], 0);
    EXPECT_THAT(body["events"], IsEmpty());
    return {body["lease"], leases_.take().value()};
  }
  /// Waits until a poll of the lease waits, which watches whoever polls. Requests that run tell nothing: the
  /// one that began the lease may not be over yet.
  void await_poll(const lease& l) {
    run([&] {
      yield_until([&] {
        const auto now = runtime::info(l.who);
        return now && now->complete && !now->monitors.empty();
      });
    });
  }
  json poll(const lease& l, std::uint64_t cursor) {
    const answer a = client().get(l.target(cursor));
    EXPECT_EQ(a.status, 200) << a.body;
    return json::parse(a.body, nullptr, false);
  }

  outcome_queue<runtime::pid> leases_;
};

TEST_F(long_poll_test, an_event_between_two_polls_comes_with_the_second) {
  serve_polls(patient());
  const lease l = begin();
  l.sends("1");
  EXPECT_EQ(poll(l, 0)["events"], json({1}));
  l.sends("2");
  l.sends("3");
  json both = json::array();
  std::uint64_t cursor = 1;
  while (both.size() < 2) {
    const json news = poll(l, cursor);
    cursor = news["cursor"];
    both.insert(both.end(), news["events"].begin(), news["events"].end());
  }
  EXPECT_EQ(both, json({2, 3}));
  EXPECT_EQ(cursor, 3U);
}

TEST_F(long_poll_test, an_event_ends_a_poll_that_waits) {
  serve_polls(patient());
  const lease l = begin();
  raw_client c = client();
  ASSERT_TRUE(c.send(l.poll(0)));
  await_poll(l);
  EXPECT_FALSE(c.has_news());
  l.sends(R"({"a":1})");
  EXPECT_EQ(json::parse(c.read().body), json({{"lease", l.token}, {"cursor", 1}, {"events", {{{"a", 1}}}}}));
}

TEST_F(long_poll_test, an_answer_that_was_lost_comes_again) {
  serve_polls(patient());
  const lease l = begin();
  l.sends("1");
  EXPECT_EQ(poll(l, 0)["events"], json({1}));
  EXPECT_EQ(poll(l, 0)["events"], json({1}));
  l.sends("2");
  EXPECT_EQ(poll(l, 1)["events"], json({2}));
  EXPECT_EQ(poll(l, 1)["events"], json({2}));
}

TEST_F(long_poll_test, what_came_for_a_client_that_went_away_is_kept_for_its_next_poll) {
  serve_polls(patient());
  const lease l = begin();
  raw_client gone = client();
  ASSERT_TRUE(gone.send(l.poll(0)));
  await_poll(l);
  gone.reset();
  await([](const stats_type& now) { return now.client_gone == 1; });
  l.sends("1");
  EXPECT_EQ(poll(l, 0)["events"], json({1}));
}

TEST_F(long_poll_test, a_poll_without_news_is_answered_empty_and_loses_nothing) {
  serve_polls({.longest = 1ms, .window = never_in_this_test});
  const lease l = begin();
  const json nothing = poll(l, 0);
  EXPECT_EQ(nothing["cursor"], 0);
  EXPECT_THAT(nothing["events"], IsEmpty());
  l.sends("1");
  json news = poll(l, 0);
  while (news["events"].empty())
    news = poll(l, 0);
  EXPECT_EQ(news["events"], json({1}));
}

TEST_F(long_poll_test, of_two_polls_the_older_is_answered_empty) {
  serve_polls(patient());
  const lease l = begin();
  raw_client older = client();
  raw_client newer = client();
  ASSERT_TRUE(older.send(l.poll(0)));
  await_poll(l);
  ASSERT_TRUE(newer.send(l.poll(0)));
  EXPECT_THAT(json::parse(older.read().body)["events"], IsEmpty());
  l.sends("1");
  EXPECT_EQ(json::parse(newer.read().body)["events"], json({1}));
}

TEST_F(long_poll_test, a_lease_that_nobody_polls_for_ends) {
  serve_polls({.longest = 0ms, .window = 1ms});
  const answer first = client().get("/poll");
  const runtime::pid who = leases_.take().value();
  run([&] {
    const auto why = reason_of(runtime::monitor(who));
    EXPECT_TRUE(why.orderly() || why == runtime::exit_reason::noproc()) << why.to_string();
  });
  const std::string token = json::parse(first.body)["lease"];
  EXPECT_EQ(client().get("/poll?lease=" + token + "&cursor=0").status, 410);
}

TEST_F(long_poll_test, a_lease_does_not_end_while_a_poll_waits) {
  serve_polls({.longest = never_in_this_test, .window = 0ms});
  // The first answer begins the window of longest + window; from then on the polls keep it alive.
  const lease l = begin();
  raw_client c = client();
  ASSERT_TRUE(c.send(l.poll(0)));
  await_poll(l);
  run([&] { EXPECT_TRUE(runtime::alive(l.who)); });
  l.sends("1");
  EXPECT_EQ(json::parse(c.read().body)["events"], json({1}));
  run([&] {
    const auto why = reason_of(runtime::monitor(l.who));
    EXPECT_TRUE(why.orderly() || why == runtime::exit_reason::noproc()) << why.to_string();
  });
}

TEST_F(long_poll_test, who_sends_waits_for_who_does_not_fetch) {
  long_poll_options how = patient();
  how.most_events = 2;
  serve_polls(how);
  const lease l = begin();
  for (int i = 1; i <= 4; ++i)
    l.sends(std::to_string(i));
  json all = json::array();
  std::uint64_t cursor = 0;
  while (all.size() < 4) {
    const json news = poll(l, cursor);
    ASSERT_LE(news["events"].size(), 2U);
    cursor = news["cursor"];
    all.insert(all.end(), news["events"].begin(), news["events"].end());
  }
  EXPECT_EQ(all, json({1, 2, 3, 4}));
}

TEST_F(long_poll_test, an_answer_has_so_many_events_and_no_more) {
  long_poll_options how = patient();
  how.most_in_answer = 2;
  serve_polls(how);
  const lease l = begin();
  for (int i = 1; i <= 3; ++i)
    l.sends(std::to_string(i));
  json all = json::array();
  for (std::uint64_t cursor = 0; cursor < 3;) {
    const json news = poll(l, cursor);
    EXPECT_LE(news["events"].size(), 2U);
    cursor = news["cursor"];
    all.insert(all.end(), news["events"].begin(), news["events"].end());
  }
  EXPECT_EQ(all, json({1, 2, 3}));
}

TEST_F(long_poll_test, refuses_what_makes_no_sense) {
  long_poll_options how = patient();
  how.most_leases = 1;
  serve_polls(how);
  const lease l = begin();
  EXPECT_EQ(client().get("/poll?lease=" + l.token).status, 400);
  EXPECT_EQ(client().get("/poll?lease=" + l.token + "&cursor=x").status, 400);
  EXPECT_EQ(client().get("/poll?lease=nobody&cursor=0").status, 410);
  EXPECT_EQ(client().get("/poll").status, 503);
  l.sends("1");
  EXPECT_EQ(poll(l, 0)["cursor"], 1);
  l.sends("2");
  EXPECT_EQ(poll(l, 999)["cursor"], 2) << "a cursor beyond the end is no way to lose events";
}

TEST_F(long_poll_test, a_lease_that_crashes_is_gone) {
  serve_polls(patient());
  const lease l = begin();
  raw_client c = client();
  ASSERT_TRUE(c.send(l.poll(0)));
  await_poll(l);
  runtime::exit(l.who, runtime::exit_reason::custom("crashed by a test"));
  EXPECT_EQ(c.read().status, 410);
}

TEST_F(long_poll_test, a_process_may_wait_for_other_things_with_a_time_of_its_own) {
  const long_poll polls("polls", patient());
  supervise({polls.child()});
  serve(router().get("/poll", [&](request& r) {
    return polls.answer(r, [](poll_lease& client) {
      const std::string got = client.receive([](std::string&& s) { return s; },
                                             runtime::after(0ms, [] { return std::string("2"); }));
      client.send(got);
      client.receive([](int) {}, runtime::after(1ms, [&] { client.send("3"); }));
      client.receive([](int) {});
    });
  }));
  const std::string token = json::parse(client().get("/poll").body)["lease"];
  json all = json::array();
  for (std::uint64_t cursor = 0; cursor < 2;) {
    const json news =
        json::parse(client().get("/poll?lease=" + token + "&cursor=" + std::to_string(cursor)).body);
    cursor = news["cursor"];
    all.insert(all.end(), news["events"].begin(), news["events"].end());
  }
  EXPECT_EQ(all, json({2, 3}));
}

} // namespace
} // namespace perron::httpd
