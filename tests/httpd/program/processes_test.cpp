// SPDX-License-Identifier: BSD-3-Clause
// The program as several processes: what clients and an administrator see of it.
#include "httpd/program/processes_run_fixture.hpp"

#include <fstream>
#include <iterator>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

class processes_test : public processes_fixture {};

TEST_F(processes_test, every_node_serves_and_status_tells_of_all) {
  use("one");
  start();
  const auto clients = clients_of_all();
  const nlohmann::json now = await_all();
  ASSERT_EQ(now["nodes"].size(), nodes);
  std::uint64_t connections = 0;
  std::set<int> pids{now["pid"].get<int>()};
  for (const auto& n : now["nodes"]) {
    connections += n["connections"].get<std::uint64_t>();
    pids.insert(n["pid"].get<int>());
    EXPECT_EQ(n["restarts"], 0);
    EXPECT_EQ(n["generation"], 1);
    EXPECT_GE(n["uptime"], 0);
  }
  EXPECT_EQ(pids.size(), nodes + 1);
  EXPECT_EQ(connections, clients.size());
  EXPECT_EQ(now["connections"], clients.size());
  EXPECT_EQ(now["requests"], clients.size());
  ASSERT_EQ(now["listeners"].size(), 1U);
  EXPECT_EQ(now["listeners"][0]["connections"], clients.size());
  EXPECT_EQ(now["listeners"][0]["url"], "http://127.0.0.1:" + std::to_string(port()));
  EXPECT_EQ(now["configuration"], path("perron.toml").string());
  EXPECT_EQ(nlohmann::json::parse(ask_control("GET", "/routes").body)["routes"].size(), 1U);
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, is_stopped_as_a_whole_by_any_of_them) {
  use("one", "[[listener]]\nname = \"local\"\nlisten = \"unix:" + path("web.sock").string() + "\"\n",
      "pid_file = \"perron.pid\"\n");
  start(2);
  const nlohmann::json now = await_all();
  int pid = 0;
  std::ifstream(path("perron.pid")) >> pid;
  EXPECT_EQ(pid, now["pid"]) << "the parent's";
  EXPECT_EQ(raw_client::to(path("web.sock")).get("/").body, "one");
  EXPECT_EQ(ask_control("POST", "/stop").status, 200);
  EXPECT_EQ(running().wait(), 0) << running().logged();
  EXPECT_FALSE(std::filesystem::exists(path("web.sock")));
  EXPECT_FALSE(std::filesystem::exists(path("perron.pid")));
}

TEST_F(processes_test, a_reload_is_of_all_nodes) {
  use("one");
  start();
  auto clients = clients_of_all();
  use("two");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 200) << done.body;
  for (raw_client& c : clients)
    EXPECT_EQ(c.get("/").body, "two");
  const nlohmann::json now = await_all();
  EXPECT_EQ(now["generation"], 2);
  EXPECT_EQ(now["last_reload"]["ok"], true);
  for (const auto& n : now["nodes"])
    EXPECT_EQ(n["generation"], 2);
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, a_hangup_reloads_once) {
  use("one");
  start();
  auto clients = clients_of_all();
  use("two");
  running().signal(SIGHUP);
  const nlohmann::json now = await([](const nlohmann::json& s) {
    for (const auto& n : s["nodes"])
      if (!n.contains("generation") || n["generation"] != 2)
        return false;
    return true;
  });
  for (raw_client& c : clients)
    EXPECT_EQ(c.get("/").body, "two");
  EXPECT_EQ(now["generation"], 2);
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, a_bad_reload_changes_nothing_anywhere) {
  use("one");
  start();
  auto clients = clients_of_all();
  write("perron.toml", "[server]\ncontrol = \"control.sock\"\n[[site]]\nrot = \"two\"\n");
  const answer done = ask_control("POST", "/reload");
  EXPECT_EQ(done.status, 422);
  EXPECT_THAT(done.body, HasSubstr("perron.toml:4"));
  for (raw_client& c : clients)
    EXPECT_EQ(c.get("/").body, "one");
  const nlohmann::json now = await_all();
  EXPECT_EQ(now["generation"], 1);
  EXPECT_EQ(now["last_reload"]["ok"], false);
  for (const auto& n : now["nodes"])
    EXPECT_EQ(n["generation"], 1);
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, listeners_come_and_go_in_all_nodes) {
  use("one");
  start();
  await_all();
  const std::string more = "[[listener]]\nname = \"more\"\nlisten = \"unix:" + path("more.sock").string() +
                           "\"\n[[listener]]\nname = \"other\"\nlisten = \"127.0.0.1:0\"\n";
  use("one", more);
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(raw_client::to(path("more.sock")).get("/").body, "one");
  const nlohmann::json now = await_all();
  ASSERT_EQ(now["listeners"].size(), 3U) << "of all nodes at the same ports";
  const std::string url = now["listeners"][2]["url"];
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  // one that begins now finds what is open since
  kill_node(1);
  await_restart_of(1);
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(raw_client::to(port).get("/").body, "one");
  use("one");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_FALSE(std::filesystem::exists(path("more.sock")));
  raw_client late;
  EXPECT_FALSE(late.connect(port));
  EXPECT_EQ(client().get("/").body, "one");
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, a_drain_is_of_all_and_a_reload_begins_again) {
  use("one", admin);
  start(2);
  auto clients = clients_of_all();
  EXPECT_EQ(get("/readyz", "test", 1).status, 200);
  EXPECT_EQ(ask_control("POST", "/drain").status, 200);
  for (raw_client& c : clients)
    EXPECT_TRUE(c.at_end());
  raw_client late;
  EXPECT_FALSE(late.connect(port()));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(get("/readyz", "test", 1).body, "draining\n");
  EXPECT_EQ(get("/healthz", "test", 1).body, "ok\n");
  // who begins now listens to nobody either
  kill_node(2);
  const nlohmann::json now = await_restart_of(2);
  EXPECT_EQ(now["draining"], true);
  EXPECT_FALSE(raw_client().connect(port()));
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(get("/readyz", "test", 1).body, "ready\n");
  const std::string url = await_all()["listeners"][0]["url"].get<std::string>();
  EXPECT_NE(url, "");
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_test, logs_have_each_line_once_whoever_puts_them_aside) {
  use("one", "[log]\nrotate_size = \"4k\"\nkeep = 1000\n");
  std::ofstream(path("perron.toml"), std::ios::app)
      << "access_log = \"access.log\"\naccess_format = \"common\"\n";
  start();
  std::vector<raw_client> clients = clients_of_all();
  std::size_t asked = clients.size();
  // 60 lines at least between two reloads are more than 4 KB, however few connections reached every node
  for (int round = 0; round < 10; ++round) {
    for (const std::size_t enough = asked + 60; asked < enough;)
      for (raw_client& c : clients) {
        EXPECT_EQ(c.get("/?" + std::to_string(asked)).status, 200);
        ++asked;
      }
    EXPECT_EQ(ask_control("POST", "/reload").status, 200); // which writes what was logged
  }
  EXPECT_EQ(stop(), 0) << running().logged();
  std::size_t lines = 0;
  std::size_t files = 0;
  std::set<std::string> seen;
  for (const auto& file : std::filesystem::directory_iterator(path(".")))
    if (file.path().filename().string().starts_with("access.log")) {
      ++files;
      std::ifstream in(file.path());
      for (std::string line; std::getline(in, line); ++lines) {
        EXPECT_THAT(line, HasSubstr(" HTTP/1.1\" 200 3"));
        if (const std::size_t at = line.find("/?"); at != std::string::npos) {
          EXPECT_TRUE(seen.insert(line.substr(at, line.find(' ', at) - at)).second) << line;
        }
      }
    }
  EXPECT_EQ(lines, asked);
  EXPECT_GT(files, 3U);
}

TEST_F(processes_test, serve_takes_processes_too) {
  program server = perron({"serve", path("one").string(), "--port", "0", "--quiet", "--processes", "2"});
  const std::string line = server.read_line();
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(raw_client::to(port).get("/").body, "one");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.logged();
}

TEST_F(processes_test, what_is_wrong_at_first_is_said_and_ends_it) {
  use("one", "[[listener]]\nname = \"taken\"\nlisten = \"127.0.0.1:0\"\n");
  start(2);
  await_all();
  write("other.toml", "[server]\ncontrol = \"\"\nprocesses = 2\n[[listener]]\nlisten = \"127.0.0.1:" +
                          std::to_string(port(1)) + "\"\n[[site]]\nroot = \"one\"\n");
  program other = perron({"run", path("other.toml").string()});
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.logged(), HasSubstr("other.toml:4"));
  EXPECT_THAT(other.logged(), HasSubstr("Address already in use"));
  EXPECT_EQ(stop(), 0) << running().logged();
}

} // namespace
} // namespace perron::testing
