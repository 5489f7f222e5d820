// SPDX-License-Identifier: BSD-3-Clause
// A configuration takes the place of another while requests are served.
#include "httpd/program/run_fixture.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

class reload_test : public run_fixture {
protected:
  void SetUp() override {
    write("one/index.html", "one");
    write("two/index.html", "two");
  }
  void use(const std::string& root, const std::string& more = {}) const {
    configure("[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n" + more + "[[site]]\nroot = \"" +
              root + "\"\n");
  }
  void await_generation(std::uint64_t n) const {
    const auto start = std::chrono::steady_clock::now();
    while (status()["generation"].get<std::uint64_t>() < n)
      ASSERT_LT(std::chrono::steady_clock::now() - start, patience);
  }
};

TEST_F(reload_test, swaps_what_is_served_and_keeps_connections) {
  use("one");
  start();
  raw_client kept = client();
  EXPECT_EQ(kept.get("/").body, "one");
  use("two");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(kept.get("/").body, "two");
  EXPECT_EQ(client().get("/").body, "two");
  EXPECT_EQ(status()["generation"], 2);
  EXPECT_EQ(stop(), 0);
}

TEST_F(reload_test, by_sighup_too) {
  use("one");
  start();
  use("two");
  running().signal(SIGHUP);
  await_generation(2);
  EXPECT_EQ(get("/").body, "two");
  EXPECT_EQ(stop(), 0);
}

TEST_F(reload_test, a_bad_configuration_changes_nothing_and_says_why) {
  use("one");
  start();
  configure("[[listener]]\nlisten = \"127.0.0.1:0\"\n[[site]]\nrot = \"two\"\n");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 422);
  EXPECT_THAT(done.body, HasSubstr("perron.toml:7"));
  EXPECT_THAT(done.body, HasSubstr("rot"));
  EXPECT_EQ(get("/").body, "one");
  const auto now = status();
  EXPECT_EQ(now["generation"], 1);
  EXPECT_EQ(now["last_reload"]["ok"], false);
  use("two");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(get("/").body, "two");
  EXPECT_EQ(stop(), 0);
}

TEST_F(reload_test, an_address_that_is_taken_changes_nothing) {
  use("one");
  start();
  write("other.toml",
        "[server]\ncontrol = \"\"\n[[listener]]\nlisten = \"127.0.0.1:0\"\n[[site]]\nroot = \"two\"\n");
  program other(PERRON_BIN_DIR "/perron", {"run", path("other.toml").string()});
  const std::string line = other.read_line();
  use("two", "[[listener]]\nname = \"taken\"\nlisten = \"127.0.0.1" + line.substr(line.rfind(':')) + "\"\n");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 422);
  EXPECT_THAT(done.body, HasSubstr("Address already in use"));
  EXPECT_EQ(get("/").body, "one");
  other.signal(SIGTERM);
  EXPECT_EQ(other.wait(), 0);
  EXPECT_EQ(ask_control("POST", "/reload").status, 200) << "now it is free";
  EXPECT_EQ(status()["listeners"].size(), 2U);
  EXPECT_EQ(stop(), 0);
}

TEST_F(reload_test, listeners_come_and_go) {
  use("one");
  start();
  use("one", "[[listener]]\nname = \"more\"\nlisten = \"unix:" + path("more.sock").string() + "\"\n");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(raw_client::to(path("more.sock")).get("/").body, "one");
  use("one");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_FALSE(std::filesystem::exists(path("more.sock")));
  EXPECT_EQ(get("/").body, "one");
  EXPECT_EQ(stop(), 0);
}

/// What a server keeps from its start to its end changes as well: by a second one on the same sockets.
TEST_F(reload_test, all_options_of_a_listener_can_change) {
  use("one");
  start();
  raw_client kept = client();
  EXPECT_EQ(kept.get("/").body, "one");
  use("two", "backlog = 100\n[listener.limits]\naddress_connections = 1000\n");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 200) << done.body;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(get("/").body, "two");
  EXPECT_EQ(stop(), 0);
}

TEST_F(reload_test, under_load_no_request_is_lost) {
  use("one");
  start();
  std::atomic<bool> over{false};
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i)
    askers.emplace_back([&, i] {
      raw_client c = client();
      while (!over) {
        if (i == 2)
          c = client();
        const answer said = c.get("/");
        ASSERT_THAT(said.body, ::testing::AnyOf("one", "two"));
      }
    });
  for (int n = 0; n < 30; ++n) {
    use(n % 2 == 0 ? "two" : "one");
    EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  }
  over = true;
  for (std::thread& t : askers)
    t.join();
  EXPECT_EQ(status()["generation"], 31);
  EXPECT_EQ(stop(), 0);
}

} // namespace
} // namespace perron::testing
