// SPDX-License-Identifier: BSD-3-Clause
// Connections of a worker that comes late itself: its times must not be held against who was in time.
#include "httpd/server_fixture.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

/// One worker, which nobody takes over when a handler keeps it.
class connection_late_test : public server_fixture {
protected:
  connection_late_test() : server_fixture(alone()) {}

  static runtime::node_options alone() {
    runtime::node_options options = test_options(1);
    options.watchdog_ms = 0;
    return options;
  }

  /// GET /keep keeps the worker until release(), and then for longer than a connection may be idle.
  router keeping() {
    return router().get("/", [](request&) { return text("root"); }).get("/keep", [this](request&) {
      entered_.happen();
      while (!released_.load()) {
      }
      const auto until = std::chrono::steady_clock::now() + 2 * idle_time;
      while (std::chrono::steady_clock::now() < until) {
      }
      return text("kept");
    });
  }

  static constexpr auto idle_time = 200ms;
  const std::string get_root = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  const std::string get_keep = "GET /keep HTTP/1.1\r\nHost: test\r\n\r\n";
  event& entered_ = new_event();
  std::atomic<bool> released_{false};
};

/// More than the poller tells of at once, so that some time is over before their bytes are looked at.
TEST_F(connection_late_test, answers_what_has_come_before_it_says_that_the_time_is_over) {
  server_options options;
  options.idle_time = idle_time;
  serve_plain(keeping(), options);
  std::vector<raw_client> clients;
  constexpr std::size_t many = 400;
  for (std::size_t i = 0; i < many; ++i) {
    clients.push_back(client_at(server().port));
    ASSERT_TRUE(clients.back().send(get_root));
  }
  for (raw_client& c : clients)
    c.read();
  raw_client keeper = client_at(server().port);
  ASSERT_TRUE(keeper.send(get_keep));
  EXPECT_TRUE(entered_.await());
  // whoever was closed before, on a slow machine, was so rightly
  std::vector<raw_client*> in_time;
  for (raw_client& c : clients)
    if (!c.has_news() && c.send(get_root))
      in_time.push_back(&c);
  released_ = true;
  for (raw_client* const c : in_time)
    EXPECT_EQ(c->read().body, "root");
  EXPECT_EQ(keeper.read().body, "kept");
}

} // namespace
} // namespace perron::httpd::core
