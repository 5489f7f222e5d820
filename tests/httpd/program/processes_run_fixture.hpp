// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/program/run_fixture.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace perron::testing {

/// The real program as three processes and their parent, of which nothing is left at the end.
class processes_fixture : public run_fixture {
protected:
  static constexpr unsigned nodes = 3;

  void SetUp() override {
    write("one/index.html", "one");
    write("two/index.html", "two");
  }
  void TearDown() override {
    for (const int pid : seen_)
      EXPECT_TRUE(::kill(pid, 0) != 0 && errno == ESRCH) << pid << " is left";
    EXPECT_FALSE(std::filesystem::exists(control()));
  }

  /// One site, of that folder; `more` stands before it, `server` in [server].
  void use(const std::string& root, const std::string& more = {}, const std::string& server = {}) const {
    configure("processes = " + std::to_string(nodes) + "\nworkers = 2\n" + server +
              "[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n" + more + "[[site]]\nroot = \"" +
              root + "\"\n");
  }
  static constexpr const char* admin = "[admin]\nlisten = \"127.0.0.1:0\"\n";

  /// What status says when this holds for it.
  nlohmann::json await(const std::function<bool(const nlohmann::json&)>& holds) {
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
      const answer said = ask_control("GET", "/status");
      nlohmann::json now = nlohmann::json::parse(said.body, nullptr, false);
      if (now.is_object()) {
        for (const auto& n : now["nodes"])
          if (n["up"].get<bool>())
            seen_.insert(n["pid"].get<int>());
        if (holds(now))
          return now;
      }
      if (std::chrono::steady_clock::now() - start > patience) {
        ADD_FAILURE() << "it does not come to that: " << said.body << running().logged();
        return now;
      }
    }
  }
  static bool are_all_up(const nlohmann::json& status) {
    for (const auto& n : status["nodes"])
      if (!n["up"].get<bool>())
        return false;
    return true;
  }
  nlohmann::json await_all() { return await(are_all_up); }
  nlohmann::json await_restart_of(unsigned node, std::uint64_t times = 1) {
    return await(
        [&](const nlohmann::json& s) { return are_all_up(s) && s["nodes"][node]["restarts"] >= times; });
  }
  /// Of a node, with SIGKILL.
  void kill_node(unsigned node) {
    const int pid = await_all()["nodes"][node]["pid"].get<int>();
    EXPECT_EQ(::kill(pid, SIGKILL), 0);
  }
  /// Connections that each have had an answer, on all nodes.
  std::vector<raw_client> clients_of_all() {
    std::vector<raw_client> out;
    do
      for (int i = 0; i < 20; ++i) {
        out.push_back(client());
        EXPECT_EQ(out.back().get("/").status, 200);
      }
    while (!has_every_node_some());
    return out;
  }
  bool has_every_node_some() {
    const nlohmann::json now = await_all();
    for (const auto& n : now["nodes"])
      if (n["connections"] == 0)
        return false;
    return true;
  }
  /// The value of a line of /metrics that begins so; -1: there is none.
  static double value_of(const std::string& metrics, std::string_view begin) {
    const std::size_t at = metrics.find('\n' + std::string(begin) + ' ');
    return at == std::string::npos ? -1 : std::atof(metrics.c_str() + at + begin.size() + 2);
  }

private:
  std::set<int> seen_;
};

} // namespace perron::testing
