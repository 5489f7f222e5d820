// SPDX-License-Identifier: BSD-3-Clause
//
// perron-soak as a whole against kitchen_sink: what it counts has to be what was done.
#include "support/temporary_folder.hpp"
#include "support/web_program.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using perron::testing::program;
using perron::testing::temporary_folder;
using perron::testing::web_program;

class soak_run : public ::testing::Test {
protected:
  /// Runs perron-soak against a server of its own, with a long patience: nothing here depends on time.
  void soak(std::vector<std::string> arguments) { soak_at(server_.port(), std::move(arguments)); }
  void soak_at(std::uint16_t port, std::vector<std::string> arguments) {
    for (const char* const each : {"--quiet", "--patience", "100", "--ramp", "0", "--out"})
      arguments.emplace_back(each);
    arguments.push_back(folder_.path().string());
    arguments.emplace_back("--port");
    arguments.push_back(std::to_string(port));
    program run(PERRON_BIN_DIR "/perron-soak", std::move(arguments));
    std::string last;
    for (std::string line = run.read_line(); !line.empty(); line = run.read_line())
      last = std::move(line);
    EXPECT_EQ(run.wait(), 0) << run.logged() << last;
    EXPECT_EQ(run.logged(), "");
    read_record();
  }

  void read_record() {
    std::ifstream from(folder_.path() / "soak.json");
    record_ = nlohmann::json::parse(from, nullptr, false);
    EXPECT_FALSE(record_.is_discarded());
  }

  std::uint64_t total(const char* name) const { return record_.at("totals").at(name).get<std::uint64_t>(); }

  void expect_clean(std::uint64_t connections) const {
    EXPECT_EQ(total("opened"), connections);
    EXPECT_EQ(total("closed"), connections);
    EXPECT_EQ(total("open"), 0U);
    EXPECT_EQ(total("opening"), 0U);
    for (const auto& [kind, count] : record_.at("totals").at("errors").items())
      EXPECT_EQ(count, 0) << kind;
  }

  temporary_folder folder_;
  web_program server_{"kitchen_sink", {"--port", "0", "--workers", "2"}};
  nlohmann::json record_;
};

TEST_F(soak_run, idle_connections_are_asked_twice) {
  soak({"idle", "-n", "300", "--hold", "0", "--per-process", "100"});
  expect_clean(300);
  EXPECT_EQ(total("answers"), 600U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, every_poll_is_woken_by_every_publish) {
  soak({"poll", "-n", "200", "--hold", "0", "--publishes", "2", "--publish-every", "0.2"});
  expect_clean(200);
  EXPECT_EQ(total("messages"), 400U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, every_websocket_hears_every_publish) {
  soak({"ws", "-n", "200", "--hold", "0", "--publishes", "3", "--publish-every", "0"});
  expect_clean(200);
  EXPECT_EQ(total("messages"), 600U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, every_stream_of_events_hears_every_publish) {
  soak({"sse", "-n", "100", "--hold", "0", "--publishes", "2", "--publish-every", "0"});
  expect_clean(100);
  EXPECT_EQ(total("messages"), 200U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, everybody_in_a_room_hears_all_that_is_said) {
  soak({"chat", "-n", "100", "--room", "5", "--messages", "20", "--hold", "1"});
  expect_clean(100);
  EXPECT_GT(total("messages"), 0U);
  EXPECT_EQ(total("messages") % 5, 0U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, those_who_come_and_go_are_all_answered) {
  soak({"churn", "-n", "20", "--rate", "300", "--hold", "1"});
  expect_clean(total("opened"));
  EXPECT_GT(total("opened"), 0U);
  EXPECT_EQ(total("answers"), total("opened"));
  server_.expect_orderly_end();
}

TEST_F(soak_run, a_closed_loop_is_answered) {
  soak({"requests", "-n", "50", "--hold", "1"});
  expect_clean(50);
  EXPECT_EQ(total("answers"), total("requests"));
  EXPECT_GT(total("answers"), 50U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, an_open_loop_is_answered) {
  soak({"requests", "-n", "50", "--rate", "200", "--hold", "1", "--path", "/sleep?ms=1", "--probes", "20"});
  expect_clean(50);
  EXPECT_EQ(total("answers"), total("requests"));
  server_.expect_orderly_end();
}

TEST_F(soak_run, slow_readers_get_what_they_ask_for) {
  soak({"slow", "-n", "20", "--bytes", "100000", "--read-rate", "1000000", "--hold", "1"});
  expect_clean(20);
  EXPECT_GT(total("bytes_in"), 0U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, a_scenario_has_shares_that_do_different_things) {
  const std::string file = (folder_.path() / "scenario.toml").string();
  std::ofstream(file) << R"(
[[share]]
mode = "idle"
connections = 20
[[share]]
mode = "ws"
connections = 30
[[share]]
mode = "sse"
connections = 10
[[share]]
mode = "churn"
connections = 5
rate = 50
[[phase]]
kind = "ramp"
[[phase]]
kind = "hold"
seconds = 0.5
[[phase]]
kind = "publish"
count = 2
every = 0
[[phase]]
kind = "probe"
)";
  soak({"--scenario", file});
  expect_clean(total("opened"));
  EXPECT_GT(total("opened"), 60U);
  EXPECT_EQ(total("messages"), 80U);
  server_.expect_orderly_end();
}

TEST_F(soak_run, a_signal_ends_a_run_and_its_report_is_written) {
  program run(PERRON_BIN_DIR "/perron-soak",
              {"idle", "-n", "50", "--hold", "1000", "--ramp", "0", "--port", std::to_string(server_.port()),
               "--out", folder_.path().string()});
  while (run.read_line().find("hold") == std::string::npos && !run.has_ended()) {
  }
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "soak.html"));
  read_record();
  expect_clean(50);
  server_.expect_orderly_end();
}

TEST_F(soak_run, crashes_and_vanished_clients_are_no_errors) {
  soak({"idle", "-n", "200", "--hold", "0", "--chaos", "1", "--crash", "0.1", "--vanish", "0.1", "--probes",
        "50"});
  EXPECT_EQ(total("open"), 0U);
  EXPECT_GT(total("opened"), 200U);
  // before that, as many asked and came again in calm
  EXPECT_GT(record_.at("totals").at("meant").at("left in calm, to come again"), 0);
  EXPECT_GT(record_.at("totals").at("meant").at("crashed"), 0);
  for (const auto& [kind, count] : record_.at("totals").at("errors").items())
    EXPECT_EQ(count, 0) << kind;
  server_.signal(SIGTERM);
  EXPECT_EQ(server_.wait(), 0);
}

TEST_F(soak_run, connections_of_a_killed_process_are_told_from_others) {
  web_program nodes("kitchen_sink",
                    {"--port", "0", "--workers", "1", "--processes", "3", "--mark-processes"});
  soak_at(nodes.port(), {"idle", "-n", "200", "--hold", "0", "--chaos", "1", "--crash", "0.2", "--vanish",
                         "0.2", "--kill-every", "0.6"});
  EXPECT_GT(record_.at("totals").at("meant").at("lost with a killed process"), 0);
  for (const auto& [kind, count] : record_.at("totals").at("errors").items())
    EXPECT_EQ(count, 0) << kind;
  nodes.signal(SIGTERM);
  EXPECT_EQ(nodes.wait(), 0);
  server_.expect_orderly_end();
}

} // namespace
