// SPDX-License-Identifier: BSD-3-Clause
// The program as several processes, some of which have no room for more clients.
#include "httpd/program/processes_run_fixture.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace perron::testing {
namespace {

class processes_full_test : public processes_fixture {
protected:
  static constexpr unsigned each = 10;
  static constexpr unsigned workers = 2; ///< of a node; it may have one connection more for each but one

  void use_limit(const std::string& more = {}) const {
    use("one", more, "[limits]\nmax_connections = " + std::to_string(each) + "\n");
  }
  /// So many that each have had an answer, and stay.
  std::vector<raw_client> fill(unsigned count) const {
    std::vector<raw_client> out;
    for (unsigned i = 0; i < count; ++i) {
      out.push_back(client());
      EXPECT_EQ(out.back().get("/").body, "one") << i;
    }
    return out;
  }
};

TEST_F(processes_full_test, clients_go_where_there_is_room) {
  use_limit();
  start();
  await_all();
  const auto clients = fill(each * nodes);
  const nlohmann::json now = await_all();
  EXPECT_EQ(now["connections"], each * nodes);
  for (const auto& n : now["nodes"]) {
    EXPECT_GE(n["connections"], each - nodes * (workers - 1));
    EXPECT_LE(n["connections"], each + workers - 1);
  }
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_full_test, who_waits_for_all_is_served_by_the_first_that_has_room) {
  use_limit();
  start();
  await_all();
  auto clients = fill(each * nodes);
  for (int round = 0; round < 5; ++round) {
    // more than there is room for: some wait, at whatever node the kernel has given them to
    std::vector<raw_client> more;
    for (unsigned i = 0; i < each; ++i) {
      more.push_back(client());
      EXPECT_TRUE(more.back().send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
    }
    clients.resize(clients.size() - each);
    for (raw_client& m : more)
      EXPECT_EQ(m.read().body, "one");
    std::move(more.begin(), more.end(), std::inserter(clients, clients.begin()));
  }
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_full_test, a_reload_and_a_node_that_dies_change_nothing_in_that) {
  use_limit();
  start();
  await_all();
  {
    auto clients = fill(each * nodes);
    use("two", {}, "[limits]\nmax_connections = " + std::to_string(each) + "\n");
    EXPECT_EQ(ask_control("POST", "/reload").status, 200);
    for (raw_client& c : clients)
      EXPECT_EQ(c.get("/").body, "two");
    use_limit();
    EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  }
  kill_node(1);
  await([](const nlohmann::json& s) {
    return !s["nodes"][1]["up"].get<bool>() || s["nodes"][1]["restarts"] >= 1;
  });
  const auto some = fill(each * (nodes - 1));
  await_restart_of(1);
  const auto more = fill(each);
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_full_test, one_that_runs_out_of_descriptors_is_full_too) {
  use("one");
  start();
  const pid_t pid = await_all()["nodes"][1]["pid"].get<pid_t>();
  rlimit before{};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before), 0);
  const rlimit no_more{3, before.rlim_max};
  ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &no_more, nullptr), 0);
  {
    const auto clients = fill(each * nodes);
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &before, nullptr), 0);
    const nlohmann::json now = await_all();
    EXPECT_EQ(now["connections"], each * nodes);
    EXPECT_EQ(now["nodes"][1]["connections"], 0);
  }
  const auto again = clients_of_all();
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_full_test, a_drain_ends_who_accepts_for_others_too) {
  use_limit();
  start();
  await_all();
  auto clients = fill(each * nodes);
  EXPECT_EQ(ask_control("POST", "/drain").status, 200);
  for (raw_client& c : clients)
    EXPECT_TRUE(c.at_end());
  EXPECT_FALSE(raw_client().connect(port()));
  EXPECT_EQ(stop(), 0) << running().logged();
}

} // namespace
} // namespace perron::testing
