// SPDX-License-Identifier: BSD-3-Clause
// What a server answers with is replaced while it runs.
#include <perron/httpd/core/generation.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class generation_test : public server_fixture {
protected:
  /// "/" says `what`; "/wait" does when it is told to. Both keep `alive` while they can be called.
  router saying(const std::string& what, std::shared_ptr<void> alive = {}) {
    return router()
        .get("/", [what, alive](request&) { return text(what); })
        .get("/wait", [this, what, alive](request&) {
          waiting.put(runtime::self());
          runtime::receive_one<go_on>();
          return text(what);
        });
  }
  runtime::result<void> replace_by(hosts sites) {
    runtime::result<void> out = runtime::error{"not done"};
    run([&] { out = replace(server().who, std::move(sites)); });
    return out;
  }
  runtime::result<void> replace_by(hosts sites, const server_options& options) {
    runtime::result<void> out = runtime::error{"not done"};
    run([&] { out = replace(server().who, std::move(sites), options); });
    return out;
  }
  /// Of the one with which a server is started the fixture keeps a copy.
  void serve_tracked(router r) {
    serve(saying("first"));
    ASSERT_TRUE(replace_by(std::move(r)));
  }
  void await_gone(const std::weak_ptr<int>& what) {
    run([&] { yield_until([&] { return what.expired(); }); });
  }

  struct go_on {};
  outcome_queue<runtime::pid> waiting;
};

TEST_F(generation_test, requests_that_begin_behind_the_swap_get_the_new_one) {
  serve(saying("0"));
  std::vector<raw_client> clients;
  for (int i = 0; i < 8; ++i)
    clients.push_back(client());
  for (int n = 1; n < 20; ++n) {
    ASSERT_TRUE(replace_by(saying(std::to_string(n))));
    for (raw_client& c : clients)
      ASSERT_EQ(c.get("/").body, std::to_string(n));
  }
}

TEST_F(generation_test, a_request_under_way_keeps_its_own_and_blocks_nobody) {
  auto first = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = first;
  serve_tracked(saying("old", std::move(first)));
  raw_client slow = client();
  ASSERT_TRUE(slow.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n"));
  const runtime::pid request = waiting.take().value();
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(replace_by(saying("new")));
  EXPECT_EQ(client().get("/").body, "new");
  EXPECT_FALSE(seen.expired());
  runtime::send(request, go_on{});
  EXPECT_EQ(slow.read().body, "old");
  EXPECT_EQ(slow.get("/").body, "new") << "the next of the same connection";
  await_gone(seen);
}

TEST_F(generation_test, is_freed_at_once_if_nobody_has_it_and_at_the_end_of_the_server) {
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  const std::weak_ptr<int> one = first;
  const std::weak_ptr<int> two = second;
  serve(saying("1", std::move(first)));
  EXPECT_EQ(client().get("/").body, "1");
  await_no_connection();
  ASSERT_TRUE(replace_by(saying("2", std::move(second))));
  EXPECT_FALSE(two.expired());
  ASSERT_TRUE(replace_by(saying("3")));
  await_gone(two);
  stop_server();
  await_gone(one);
}

TEST_F(generation_test, an_upgraded_connection_keeps_its_own) {
  auto first = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = first;
  serve_tracked(router().get("/", [alive = std::move(first)](request& r) {
    duplex peer = r.upgrade("test");
    std::array<char, 16> some{};
    while (const std::size_t n = peer.read(some))
      peer.write({std::string_view(some.data(), n)});
    return peer.end();
  }));
  raw_client c = client();
  EXPECT_EQ(c.get("/", "Connection: Upgrade\r\nUpgrade: test\r\n").status, 101);
  ASSERT_TRUE(replace_by(saying("new")));
  ASSERT_TRUE(c.send("echo"));
  EXPECT_EQ(c.read_until("echo"), "echo");
  EXPECT_FALSE(seen.expired());
  EXPECT_EQ(client().get("/").body, "new");
  c.close();
  await_gone(seen);
}

TEST_F(generation_test, options_change_too_without_a_new_listener) {
  serve(saying("0"));
  raw_client c = client();
  EXPECT_EQ(c.post("/", "12345").status, 405);
  server_options options;
  options.port = 0;
  options.max_body = 4;
  options.head.max_target = 10;
  ASSERT_TRUE(
      replace_by(router().post("/", [](request& r) { return text(std::string(r.body())); }), options));
  EXPECT_EQ(c.post("/", "1234").body, "1234");
  EXPECT_EQ(client().post("/", "12345").status, 413);
  EXPECT_EQ(client().get("/12345678901").status, 414);
  options.max_connections = 100;
  options.hard_limit = 1;
  ASSERT_TRUE(replace_by(saying("1"), options));
  EXPECT_EQ(client().get("/").status, 503) << "one connection is there";
  options.hard_limit = 0;
  ASSERT_TRUE(replace_by(saying("2"), options));
  EXPECT_EQ(client().get("/").body, "2");
}

TEST_F(generation_test, what_a_server_keeps_cannot_be_replaced) {
  serve(saying("0"));
  const auto refused = [&](auto change) {
    server_options options;
    options.port = 0;
    change(options);
    const auto done = replace_by(saying("1"), options);
    return done ? "" : done.error().text;
  };
  EXPECT_THAT(refused([](server_options& o) { o.port = 1; }), HasSubstr("port"));
  EXPECT_THAT(refused([](server_options& o) { o.host = "::1"; }), HasSubstr("host"));
  EXPECT_THAT(refused([](server_options& o) { o.name = "x"; }), HasSubstr("name"));
  EXPECT_THAT(refused([](server_options& o) { o.backlog = 1; }), HasSubstr("backlog"));
  EXPECT_THAT(refused([](server_options& o) { o.unix_mode = 0600; }), HasSubstr("unix_mode"));
  EXPECT_THAT(refused([](server_options& o) { o.inherited = {1}; }), HasSubstr("inherited"));
  EXPECT_THAT(refused([](server_options& o) { o.per_address.max_connections = 1; }),
              HasSubstr("per_address"));
  EXPECT_THAT(refused([](server_options& o) { o.proxy_protocol_from = {"::1"}; }), HasSubstr("proxy"));
  EXPECT_EQ(client().get("/").body, "0") << "nothing has changed";
}

TEST_F(generation_test, a_replace_of_a_server_that_has_gone_says_so) {
  serve(saying("0"));
  stop_server();
  EXPECT_FALSE(replace_by(saying("1")));
}

/// Swaps while clients ask: nobody gets anything but an answer of one of them.
TEST_F(generation_test, swaps_under_load_lose_nothing) {
  serve(saying("a"));
  std::atomic<bool> over{false};
  std::vector<std::thread> askers;
  outcome_queue<int> statuses; // of the first answers
  for (int i = 0; i < 3; ++i)
    askers.emplace_back([&, i] {
      raw_client c = client();
      statuses.put(c.get("/").status);
      do {
        if (i == 2)
          c = client();
        const answer said = c.get("/");
        ASSERT_THAT(said.body, ::testing::AnyOf("a", "b"));
      } while (!over);
    });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(statuses.take(), 200);
  for (int n = 0; n < 200; ++n)
    EXPECT_TRUE(replace_by(saying(n % 2 == 0 ? "b" : "a")));
  over = true;
  for (std::thread& t : askers)
    t.join();
}

} // namespace
} // namespace perron::httpd::core
