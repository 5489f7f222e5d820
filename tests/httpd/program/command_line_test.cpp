// SPDX-License-Identifier: BSD-3-Clause
#include "support/program.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <vector>

using perron::testing::temporary_folder;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

struct outcome {
  int code = 0;
  std::string said{}, logged{};
};

std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Runs a command to its end, by way of the shell.
outcome done(const std::string& command) {
  const temporary_folder folder;
  const auto path = folder.path().string();
  outcome out;
  const int status = std::system(("{ " + command + "; } >" + path + "/said 2>" + path + "/logged").c_str());
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  out.said = contents(path + "/said");
  out.logged = contents(path + "/logged");
  return out;
}

outcome perron_with(const std::vector<std::string>& arguments) {
  std::string command = PERRON_BIN_DIR "/perron";
  for (const auto& argument : arguments)
    command.append(" '").append(argument).append("'");
  return done(command);
}

TEST(command_line, says_its_version) {
  const auto out = perron_with({"version"});
  EXPECT_EQ(out.code, 0);
  EXPECT_THAT(out.said, StartsWith("perron 0."));
}

TEST(command_line, wrong_calls_are_2) {
  EXPECT_EQ(perron_with({}).code, 2);
  EXPECT_EQ(perron_with({"fly"}).code, 2);
  EXPECT_EQ(perron_with({"check", "--colour"}).code, 2);
  EXPECT_EQ(perron_with({"man", "ls"}).code, 2);
}

TEST(command_line, every_command_has_help) {
  for (const char* const command :
       {"run", "check", "serve", "status", "reload", "stop", "drain", "routes", "version"}) {
    const auto out = perron_with({command, "--help"});
    EXPECT_EQ(out.code, 0);
    EXPECT_THAT(out.said, HasSubstr("Usage: perron " + std::string(command)));
  }
}

TEST(command_line, check_says_ok_or_what_is_wrong) {
  const temporary_folder folder;
  const auto file = folder.path().string() + "/perron.toml";
  std::ofstream(file) << "[[site]]\nroot = \".\"\n";
  auto out = perron_with({"check", file});
  EXPECT_EQ(out.code, 0);
  EXPECT_EQ(out.said, file + ": ok\n");
  out = perron_with({"check", "--print", file});
  EXPECT_EQ(out.code, 0);
  EXPECT_THAT(out.said, StartsWith("[server]\n"));

  std::ofstream(file) << "[[site]]\nrot = \".\"\n[log]\nlevel = 5\n";
  out = perron_with({"check", file});
  EXPECT_EQ(out.code, 1);
  EXPECT_EQ(out.said, "");
  EXPECT_THAT(out.logged, HasSubstr(file + ":2:1: site.rot: is no key; did you mean root?\n"));
  EXPECT_THAT(out.logged, HasSubstr(file + ":4:9: log.level: is an integer; write a text"));
}

TEST(command_line, run_and_serve_refuse_what_is_wrong) {
  auto out = perron_with({"run", "/nowhere/perron.toml"});
  EXPECT_EQ(out.code, 1);
  EXPECT_EQ(out.logged,
            "/nowhere/perron.toml: No such file or directory; name the file of the configuration\n");
  out = perron_with({"serve", "/nowhere"});
  EXPECT_EQ(out.code, 1);
  EXPECT_EQ(out.logged, "site.root: there is no folder /nowhere; make it, or name a folder that is there\n");
  EXPECT_EQ(perron_with({"serve", "--port", "99999"}).code, 2);
}

TEST(command_line, commands_for_a_server_that_is_not_there_fail) {
  for (const char* const command : {"status", "reload", "stop", "drain", "routes"}) {
    const auto out = perron_with({command, "--socket", "/nowhere/control.sock"});
    EXPECT_EQ(out.code, 1) << command;
    EXPECT_THAT(out.logged, HasSubstr("/nowhere/control.sock")) << command;
  }
}

TEST(command_line, serve_serves_a_folder_and_says_where) {
  const temporary_folder folder;
  const auto path = folder.path().string();
  std::ofstream(path + "/hello.txt") << "Hello!\n";
  perron::testing::program server(PERRON_BIN_DIR "/perron", {"serve", path, "--port", "0", "--quiet"});
  const auto line = server.read_line();
  ASSERT_THAT(line, StartsWith("serving " + path + " at http://127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  ASSERT_NE(port, 0);
  auto client = perron::testing::raw_client::to(port);
  client.send("GET /hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), HasSubstr("\r\n\r\nHello!\n"));
  auto other = perron::testing::raw_client::to(port);
  other.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(other.read_to_end(), HasSubstr("hello.txt"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0) << server.logged();
}

TEST(command_line, manual_pages_are_formatted_without_warnings) {
  if (done("command -v groff").code != 0)
    GTEST_SKIP() << "there is no groff";
  for (const char* const page : {"perron", "perron.toml"}) {
    const auto out = done(std::string(PERRON_BIN_DIR "/perron man ") + page + " | groff -man -Tutf8 -ww");
    EXPECT_EQ(out.code, 0);
    EXPECT_EQ(out.logged, "");
    EXPECT_GT(out.said.size(), 1000U);
  }
}

} // namespace
