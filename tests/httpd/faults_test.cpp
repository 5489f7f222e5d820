// SPDX-License-Identifier: BSD-3-Clause
// Handlers that crash and clients that die, in numbers: what the others notice (nothing) and what is left
// (nothing).
#include <perron/httpd/server.hpp>

#include "httpd/server_fixture.hpp"
#include "support/program.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;

class faults_test : public server_fixture {
protected:
  static router routes() {
    return router()
        .get("/", [](request&) { return text("hello"); })
        .post("/", [](request& r) { return text(std::string(r.body())); })
        .get("/crash", [](request&) -> response { throw std::runtime_error("as ordered"); })
        .get("/wait", wait_for_ever);
  }

  struct tally {
    std::size_t answered = 0;
    std::size_t crashed = 0;
    std::size_t lost = 0;
  };

  /// One client: asks over its connections in turn; each hundredth request crashes, and its connection with
  /// it.
  static tally ask_in_turn(std::uint16_t port, std::size_t connections, std::size_t requests) {
    tally seen;
    std::vector<raw_client> all;
    for (std::size_t i = 0; i < connections; ++i)
      all.push_back(client_at(port));
    for (std::size_t i = 0; i < requests; ++i) {
      raw_client& c = all[i % connections];
      const bool crashes = i % 100 == 50;
      const answer a = c.get(crashes ? "/crash" : "/");
      if (crashes && a.status == 500 && c.at_end()) {
        ++seen.crashed;
        c = client_at(port);
      } else if (!crashes && a.status == 200 && a.body == "hello") {
        ++seen.answered;
      } else {
        ++seen.lost;
      }
    }
    return seen;
  }

  /// 32 connections in four threads.
  tally ask(std::size_t requests) {
    constexpr std::size_t threads = 4;
    std::vector<tally> seen(threads);
    std::vector<std::thread> clients;
    for (tally& t : seen)
      clients.emplace_back(
          [&t, requests, port = server().port] { t = ask_in_turn(port, 8, requests / threads); });
    for (std::thread& t : clients)
      t.join();
    tally sum;
    for (const tally& t : seen) {
      sum.answered += t.answered;
      sum.crashed += t.crashed;
      sum.lost += t.lost;
    }
    return sum;
  }

  /// The node when nothing is left but the server, whoever started it and two listening sockets.
  runtime::node_stats settled() {
    await_no_connection();
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
      const runtime::node_stats now = node().stats();
      if (now.processes == 2 && now.sockets == 2)
        return now;
      if (std::chrono::steady_clock::now() - start > patience) {
        ADD_FAILURE() << now.processes << " processes, " << now.sockets << " sockets";
        return now;
      }
      std::this_thread::yield();
    }
  }
};

TEST_F(faults_test, requests_that_crash_cost_the_others_nothing) {
  const std::size_t many = scaled(20'000, 2'000);
  serve(routes());
  ask(400); // everything that is made once is made now
  const runtime::node_stats before = settled();
  const server_stats served_before = stats();

  const tally seen = ask(many);
  EXPECT_EQ(seen.lost, 0U);
  EXPECT_EQ(seen.crashed, many / 100);
  EXPECT_EQ(seen.answered, many - many / 100);

  const runtime::node_stats after = settled();
  EXPECT_EQ(stats().requests - served_before.requests, many);
  EXPECT_EQ(stats().crashed - served_before.crashed, many / 100);
  // both workers may keep some for the next ones; the fixture checks that none is missing in the end
  EXPECT_LE(after.stacks_in_use, before.stacks_in_use + 256);
  EXPECT_LE(after.process_memory, before.process_memory + (1U << 20U));
}

TEST_F(faults_test, clients_that_are_killed_leave_nothing) {
  constexpr std::size_t many = 200;
  const int rounds = static_cast<int>(scaled(5, 2));
  serve(routes());
  raw_client other = client();
  ASSERT_EQ(other.get("/").status, 200);
  for (int round = 1; round <= rounds; ++round) {
    program clients(PERRON_BIN_DIR "/tests/clients_program",
                    {std::to_string(server().port), std::to_string(many)});
    ASSERT_EQ(clients.read_line(), "ready");
    // three of four have made a request
    await([&](const server_stats& s) { return s.connections == many + 1 && s.running == many / 4 * 3; });
    clients.signal(SIGKILL);
    EXPECT_EQ(clients.wait(), 128 + SIGKILL);
    await([](const server_stats& s) { return s.connections == 1 && s.running == 0; });
    EXPECT_EQ(stats().client_gone, many / 4 * 3 * static_cast<std::size_t>(round));
    EXPECT_EQ(other.get("/").status, 200);
  }
  EXPECT_EQ(stats().crashed, 0U);
}

TEST_F(faults_test, everything_at_once) {
  serve(routes());
  std::atomic<bool> over{false};
  std::vector<std::thread> pests;
  const auto add_pest = [&](auto spoil) {
    pests.emplace_back([&over, spoil, port = server().port] {
      while (!over) {
        raw_client c = client_at(port);
        spoil(c);
      }
    });
  };
  add_pest([](raw_client& c) {
    c.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    c.reset();
  });
  add_pest([](raw_client& c) {
    c.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
    c.shut_writing();
    c.read_to_end();
  });
  add_pest([](raw_client& c) {
    c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf");
    c.close();
  });
  add_pest([](raw_client& c) { c.get("/crash"); });
  add_pest([](raw_client& c) { c.ask("nonsense\r\n\r\n"); });
  const std::size_t many = scaled(4'000, 800);
  const tally seen = ask(many);
  over = true;
  for (std::thread& t : pests)
    t.join();
  EXPECT_EQ(seen.lost, 0U);
  EXPECT_EQ(seen.answered, many - many / 100);
  await_no_connection();
}

} // namespace
} // namespace perron::httpd
