// SPDX-License-Identifier: BSD-3-Clause
// The program as several processes, one of which dies.
#include "httpd/program/processes_run_fixture.hpp"

#include <atomic>
#include <fstream>
#include <thread>

namespace perron::testing {
namespace {

class processes_chaos_test : public processes_fixture {};

/// Threads that ask again and again. A connection that breaks is opened again, and counted.
class load {
public:
  load(int threads, std::uint16_t port) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this, port, i] {
        raw_client c = raw_client::to(port);
        while (!over_) {
          if (i % 2 == 0) // some come anew each time
            c = raw_client::to(port);
          const answer said = c.get("/");
          ++asked_;
          if (said.status != 200)
            ++lost_;
          else if (said.field("Connection") != "close")
            continue;
          c = raw_client::to(port);
        }
      });
  }
  ~load() { end(); }
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  void end() {
    over_ = true;
    for (std::thread& t : std::exchange(threads_, {}))
      t.join();
  }
  int asked() const { return asked_; }
  int lost() const { return lost_; }
  void await(int more) const {
    for (const int until = asked_ + more; asked_ < until;)
      std::this_thread::yield();
  }

private:
  std::atomic<bool> over_{false};
  std::atomic<int> asked_{0};
  std::atomic<int> lost_{0};
  std::vector<std::thread> threads_;
};

TEST_F(processes_chaos_test, a_node_that_is_killed_takes_only_its_own_connections_along) {
  use("one");
  start();
  auto kept = clients_of_all();
  const std::uint64_t its = await_all()["nodes"][1]["connections"].get<std::uint64_t>();
  load work(4, port());
  work.await(100);
  kill_node(1);
  std::uint64_t lost = 0;
  for (raw_client& c : kept)
    lost += c.get("/").status == 200 ? 0 : 1;
  EXPECT_EQ(lost, its);
  await_restart_of(1);
  work.await(100);
  work.end();
  EXPECT_LE(work.lost(), 4) << "of " << work.asked() << ": each thread had one connection";
  const auto fresh = clients_of_all();
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_chaos_test, its_clients_are_accepted_by_another_until_it_is_back) {
  use("one");
  start();
  await_all();
  for (std::uint64_t times = 1; times <= 3; ++times) {
    kill_node(2);
    for (int i = 0; i < 30; ++i)
      EXPECT_EQ(client().get("/").body, "one");
    await_restart_of(2, times);
  }
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_chaos_test, reloads_under_load_lose_nothing) {
  use("one");
  start();
  await_all();
  load work(4, port());
  for (int n = 0; n < 20; ++n) {
    use(n % 2 == 0 ? "two" : "one");
    EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  }
  work.end();
  EXPECT_EQ(work.lost(), 0) << "of " << work.asked();
  const nlohmann::json now = await_all();
  EXPECT_EQ(now["generation"], 21);
  for (const auto& n : now["nodes"]) {
    EXPECT_EQ(n["generation"], 21);
    EXPECT_EQ(n["restarts"], 0);
  }
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_chaos_test, who_is_started_again_has_what_is_in_force_and_not_what_is_being_edited) {
  use("one");
  start();
  await_all();
  use("two"); // nobody has said that it counts
  kill_node(0);
  nlohmann::json now = await_restart_of(0);
  EXPECT_EQ(now["nodes"][0]["generation"], 1);
  {
    auto clients = clients_of_all();
    for (raw_client& c : clients)
      EXPECT_EQ(c.get("/").body, "one");
  }
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  write("perron.toml", "this is being edited");
  kill_node(0);
  now = await_restart_of(0, 2);
  EXPECT_EQ(now["nodes"][0]["generation"], 2);
  auto clients = clients_of_all();
  for (raw_client& c : clients)
    EXPECT_EQ(c.get("/").body, "two");
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_chaos_test, figures_add_up_and_do_not_go_back_when_a_node_dies) {
  use("one", admin);
  start(2);
  auto clients = clients_of_all();
  for (raw_client& c : clients)
    EXPECT_EQ(c.get("/").status, 200);
  const auto asked = static_cast<double>(2 * clients.size());
  constexpr const char* requests = "perron_http_requests_total{site=\"*\",code=\"2xx\"}";
  constexpr const char* timed = "perron_http_request_duration_seconds_count{site=\"*\"}";
  const auto metrics = [&] { return get("/metrics", "test", 1).body; };
  // a request is counted when it is over, a moment after its answer
  const auto await_metrics = [&](double wanted) {
    std::string now;
    const auto start = std::chrono::steady_clock::now();
    do
      now = metrics();
    while ((value_of(now, requests) != wanted || value_of(now, timed) != wanted) &&
           std::chrono::steady_clock::now() - start < patience);
    EXPECT_EQ(value_of(now, requests), wanted) << now;
    EXPECT_EQ(value_of(now, timed), wanted);
    return now;
  };
  std::string now = await_metrics(asked);
  EXPECT_EQ(value_of(now, "perron_node_up{node=\"2\"}"), 1);
  EXPECT_EQ(value_of(now, "perron_node_restarts_total{node=\"2\"}"), 0);
  kill_node(2);
  await_restart_of(2);
  now = metrics();
  EXPECT_EQ(value_of(now, requests), asked) << now;
  EXPECT_EQ(value_of(now, timed), asked);
  EXPECT_EQ(value_of(now, "perron_node_restarts_total{node=\"2\"}"), 1);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(client().get("/").status, 200);
  await_metrics(asked + 10);
  EXPECT_EQ(get("/healthz", "test", 1).status, 200);
  EXPECT_EQ(stop(), 0) << running().logged();
}

} // namespace
} // namespace perron::testing
