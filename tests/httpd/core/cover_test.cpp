// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/cover.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/httpd/core/listening.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/request_supervisor.hpp>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;

/// Two servers with sockets of their own; the first has room for few.
class cover_test : public server_fixture {
protected:
  static constexpr const char* watcher = "who covers";

  static listening_sockets open_some() {
    server_options where;
    where.port = 0;
    return listening_sockets::open(where, 2).value();
  }
  static router saying(const char* what) {
    return router().get("/", [what](request&) { return text(what); });
  }
  served& serve_on(const listening_sockets& sockets, const char* what, std::size_t most = 0) {
    server_options options;
    options.inherited = sockets.all();
    options.max_connections = most;
    return serve_plain(saying(what), options);
  }
  raw_client at_first() const { return raw_client::to(first_.port()); }
  /// Those that the first server has room for, and more as it happens.
  std::vector<raw_client> fill() const {
    std::vector<raw_client> out;
    for (std::size_t i = 0; i < room; ++i) {
      out.push_back(at_first());
      EXPECT_EQ(out.back().get("/").body, "first");
    }
    return out;
  }
  static bool ask(const raw_client& c) { return c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"); }

  static constexpr std::size_t room = 3;
  const listening_sockets first_ = open_some();
  const listening_sockets second_ = open_some();
};

TEST_F(cover_test, a_full_server_says_so_and_another_takes_its_clients) {
  served& first = serve_on(first_, "first", room);
  served& second = serve_on(second_, "second");
  const auto told = std::make_shared<outcome_queue<runtime::pid>>();
  node().spawn({.name = watcher}, [told] { told->put(runtime::receive_one<server_full>().server); });
  run([&] { ASSERT_TRUE(tell_when_full(first.who, watcher)); });
  const auto stay = fill();
  std::vector<raw_client> more;
  for (int i = 0; i < 5; ++i) {
    more.push_back(at_first());
    EXPECT_TRUE(ask(more.back()));
  }
  EXPECT_EQ(told->take(), first.who);
  run([&] {
    EXPECT_FALSE(has_room(first.who).value());
    ASSERT_TRUE(cover(second.who, 7, first_.all()));
  });
  std::size_t theirs = 0;
  for (raw_client& m : more)
    theirs += m.read().body == "second" ? 1U : 0U;
  EXPECT_GE(theirs, more.size() - 1) << "each worker but one may pass the limit once";
  run([&] { EXPECT_TRUE(has_room(second.who).value()); });
}

TEST_F(cover_test, it_ends_when_told_and_clients_stay) {
  served& first = serve_on(first_, "first", room);
  served& second = serve_on(second_, "second");
  auto stay = fill();
  raw_client theirs;
  do {
    theirs = at_first();
    EXPECT_TRUE(ask(theirs));
    run([&] { ASSERT_TRUE(cover(second.who, 7, first_.all())); });
  } while (theirs.read().body != "second");
  run([&] { ASSERT_TRUE(cover(second.who, 7, {})); });
  stay.clear();
  await(first, [](const stats_type& now) { return now.connections <= 1; });
  EXPECT_EQ(at_first().get("/").body, "first");
  EXPECT_EQ(theirs.get("/").body, "second");
}

TEST_F(cover_test, the_limits_are_those_of_who_does_it) {
  serve_on(first_, "first");
  served& second = serve_on(second_, "second", room);
  std::vector<raw_client> its;
  for (std::size_t i = 0; i < room; ++i) {
    its.push_back(raw_client::to(second_.port()));
    EXPECT_EQ(its.back().get("/").body, "second");
  }
  run([&] { ASSERT_TRUE(cover(second.who, 7, first_.all())); });
  std::vector<raw_client> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(at_first());
    EXPECT_EQ(others.back().get("/").status, 200);
  }
  EXPECT_LE(stats(second).connections, room + 1);
}

TEST_F(cover_test, ends_with_the_listening_and_with_the_server) {
  served& first = serve_on(first_, "first");
  served& second = serve_on(second_, "second");
  run([&] {
    ASSERT_TRUE(cover(second.who, 7, first_.all()));
    EXPECT_TRUE(supervisors::suspend_accepting(second.who));
  });
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(at_first().get("/").body, "first");
  run([&] {
    EXPECT_TRUE(supervisors::resume_accepting(second.who));
    ASSERT_TRUE(cover(second.who, 7, first_.all()));
  });
  EXPECT_EQ(stop_server(second), runtime::exit_reason::shutdown());
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(at_first().get("/").body, "first");
  run([&] { EXPECT_TRUE(has_room(first.who).value()); });
}

/// The end of a connection wakes who has slept longest, here for another server; that ends just then.
TEST_F(cover_test, room_is_not_lost_with_who_was_woken_for_it) {
  served& second = serve_on(second_, "second", 1);
  raw_client holds = raw_client::to(second_.port());
  EXPECT_EQ(holds.get("/").body, "second");
  for (int round = 0; round < 100; ++round) {
    raw_client theirs = at_first();
    run([&] {
      ASSERT_TRUE(cover(second.who, 7, first_.all()));
      yield_until([&] { return !has_room(second.who).value(); });
    });
    raw_client its = raw_client::to(second_.port());
    EXPECT_TRUE(ask(its));
    holds.close();
    run([&] { ASSERT_TRUE(cover(second.who, 7, {})); });
    theirs.close();
    ASSERT_EQ(its.read().body, "second") << round;
    holds = std::move(its);
  }
}

TEST_F(cover_test, what_is_no_listening_socket_is_refused) {
  served& second = serve_on(second_, "second");
  run([&] { EXPECT_EQ(cover(second.who, 7, {0}).error().code, EINVAL); });
  EXPECT_EQ(raw_client::to(second_.port()).get("/").body, "second");
}

} // namespace
} // namespace perron::httpd::core
