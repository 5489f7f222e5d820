// SPDX-License-Identifier: BSD-3-Clause
// How connections come in: many of them, too many of them, and when descriptors run out.
#include <perron/httpd/core/acceptor.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/runtime/core/scheduler.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

router hello() {
  return router().get("/", [](request&) { return text("hello"); });
}

class acceptor_test : public server_fixture {};

TEST_F(acceptor_test, takes_thousands_of_connections_and_lets_go_of_them) {
  const std::size_t room = use_all_descriptors();
  const std::size_t many = std::min<std::size_t>(scaled(3000, 1000), (room - 300) / 2);
  serve(hello());
  for (int round = 0; round < 2; ++round) {
    std::vector<raw_client> all;
    for (std::size_t i = 0; i < many; ++i)
      all.push_back(client());
    for (raw_client& c : all)
      ASSERT_EQ(c.get("/").status, 200);
    EXPECT_EQ(stats().connections, many);
    EXPECT_EQ(node().stats().sockets, many + 2) << "the listening ones are two";
    EXPECT_LT(node().stats().processes, 10U) << "idle connections have none";
    all.clear();
    await_no_connection();
  }
  EXPECT_EQ(stats().accepted, 2 * many);
}

TEST_F(acceptor_test, each_worker_takes_some) {
  serve(hello());
  std::vector<raw_client> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(client());
    EXPECT_EQ(all.back().get("/").status, 200);
  }
  for (const auto& w : node().scheduler().workers)
    EXPECT_NE(w->turns.get(), 0U);
}

TEST_F(acceptor_test, clients_beyond_max_connections_wait_and_are_then_served) {
  server_options options;
  options.max_connections = 4;
  serve(hello(), options);
  std::vector<raw_client> first;
  for (int i = 0; i < 4; ++i) {
    first.push_back(client());
    ASSERT_EQ(first.back().get("/").status, 200);
  }
  std::vector<raw_client> later;
  for (int i = 0; i < 20; ++i) {
    later.push_back(client());
    ASSERT_TRUE(later.back().send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  }
  // those that are in are served meanwhile
  for (int i = 0; i < 10; ++i)
    for (raw_client& c : first)
      ASSERT_EQ(c.get("/").status, 200);
  EXPECT_EQ(stats().accepted, 4U);
  for (raw_client& c : later)
    EXPECT_FALSE(c.has_news());
  first.clear();
  for (raw_client& c : later)
    EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(await_no_connection().accepted, 24U);
}

TEST_F(acceptor_test, a_full_server_can_be_stopped) {
  server_options options;
  options.max_connections = 1;
  serve(hello(), options);
  raw_client in = client();
  ASSERT_EQ(in.get("/").status, 200);
  raw_client out = client();
  ASSERT_TRUE(out.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(out.read().status, 0);
}

class acceptor_one_worker_test : public server_fixture {
protected:
  acceptor_one_worker_test() : server_fixture(test_options(1)) {}
};

TEST_F(acceptor_one_worker_test, when_descriptors_run_out_clients_wait_and_the_others_are_served) {
  serve(hello());
  raw_client in = client();
  ASSERT_EQ(in.get("/").status, 200);
  constexpr std::size_t many = 10;
  std::vector<raw_client> waiting(many);

  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int lowest_free = ::fcntl(in.descriptor(), F_DUPFD_CLOEXEC, 0);
  ::close(lowest_free);
  rlimit none_left = before;
  none_left.rlim_cur = static_cast<rlim_t>(lowest_free);
  ::setrlimit(RLIMIT_NOFILE, &none_left);
  for (raw_client& c : waiting) {
    EXPECT_TRUE(c.connect(server().port));
    EXPECT_TRUE(c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  }
  // the one worker hears of each of these after it has heard of the connections
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(in.get("/").status, 200);
  EXPECT_EQ(stats().accepted, 1U);
  ::setrlimit(RLIMIT_NOFILE, &before);

  for (raw_client& c : waiting)
    EXPECT_EQ(c.read().status, 200);
  EXPECT_EQ(stats().accepted, many + 1);
}

} // namespace
} // namespace perron::httpd::core
