// SPDX-License-Identifier: BSD-3-Clause
// The program as several processes that was started as root and is to run as somebody else.
#include "httpd/program/processes_run_fixture.hpp"
#include "support/certificates.hpp"
#include "support/loopback.hpp"
#include "support/tls_wire.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace perron::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class processes_user_test : public processes_fixture {
protected:
  static constexpr const char* user = "nobody";

  void SetUp() override {
    if (::geteuid() != 0)
      GTEST_SKIP() << "only root can become another user";
    processes_fixture::SetUp();
    const auto files = authority_.issue("server");
    // what root has copied, so that only root may read it
    write("server.pem", text_of(files.certificate));
    write("server.key", text_of(files.key));
    write("logs/made-by-root", "");
    write("run/made-by-root", "");
    for (const auto& [name, mode] : {std::pair(".", 0755),
                                     {"one", 0755},
                                     {"two", 0755},
                                     {"logs", 0700},
                                     {"run", 0700},
                                     {"server.key", 0600}})
      ASSERT_EQ(::chmod(path(name).c_str(), static_cast<mode_t>(mode)), 0);
    low_ = free_low_port();
    ASSERT_NE(low_, 0) << "no port below 1024 is free";
  }
  void TearDown() override {
    if (!IsSkipped())
      processes_fixture::TearDown();
  }

  void use_root(const std::string& root) const {
    configure("processes = " + std::to_string(nodes) + "\nworkers = 1\nuser = \"" + user +
              "\"\npid_file = \"run/perron.pid\"\n[log]\nerror = \"logs/error.log\"\n"
              "[[listener]]\nname = \"low\"\nlisten = \"127.0.0.1:" +
              std::to_string(low_) +
              "\"\n[[listener]]\nname = \"tls\"\nlisten = \"127.0.0.1:0\"\n"
              "tls = { certificate = \"server.pem\", key = \"server.key\" }\n[[site]]\nroot = \"" +
              root + "\"\naccess_log = \"logs/access.log\"\n");
  }
  /// Ports, key and logs do what they should, in some node.
  void expect_served(const std::string& body) const {
    EXPECT_EQ(raw_client::to(low_).get("/").body, body);
    EXPECT_EQ(secure_client(port(1)).get("/").body, body);
  }
  void give_away(const std::string& name) const {
    const auto who = ids_of(user);
    ASSERT_EQ(::chown(path(name).c_str(), who.first, who.second), 0);
  }
  static std::pair<uid_t, gid_t> ids_of(const std::string& name) {
    std::ifstream all("/etc/passwd");
    for (std::string line; std::getline(all, line);)
      if (line.starts_with(name + ':')) {
        const std::size_t at = line.find(':', name.size() + 1) + 1;
        return {static_cast<uid_t>(std::stoul(line.substr(at))),
                static_cast<gid_t>(std::stoul(line.substr(line.find(':', at) + 1)))};
      }
    ADD_FAILURE() << "there is no " << name;
    return {0, 0};
  }
  /// Real, effective, saved and of the file system, as the kernel says.
  static std::string ids_of_process(int pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("Uid:\t"))
        return line.substr(5);
    return "gone";
  }
  static std::string four(uid_t id) {
    const std::string one = std::to_string(id);
    return one + '\t' + one + '\t' + one + '\t' + one;
  }
  void expect_identities(const nlohmann::json& status) const {
    for (const auto& n : status["nodes"])
      EXPECT_EQ(ids_of_process(n["pid"].get<int>()), four(ids_of(user).first));
    EXPECT_EQ(ids_of_process(status["pid"].get<int>()), four(0)) << "the parent starts others as it was";
  }
  uid_t owner_of(const std::string& name) const {
    struct stat now {};
    EXPECT_EQ(::stat(path(name).c_str(), &now), 0) << name;
    return now.st_uid;
  }
  static std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

private:
  /// Nobody listens there now.
  static std::uint16_t free_low_port() {
    for (std::uint16_t p = 1023; p > 600; --p) {
      raw_client socket;
      if (bind_to(socket.descriptor(), loopback(p)) == 0)
        return p;
    }
    return 0;
  }

  test_authority authority_;
  std::uint16_t low_ = 0;
};

TEST_F(processes_user_test, nodes_that_are_started_again_have_what_only_root_may_open) {
  use_root("one");
  start(2);
  expect_identities(await_all());
  expect_served("one");
  for (unsigned node = 0; node < nodes; ++node) {
    kill_node(node);
    expect_identities(await_restart_of(node));
    expect_served("one");
  }
  EXPECT_EQ(ask_control("POST", "/stop").status, 200);
  EXPECT_EQ(running().wait(), 0) << running().logged();
  EXPECT_FALSE(fs::exists(path("run/perron.pid")));
  EXPECT_THAT(text_of(path("logs/access.log")), HasSubstr("GET / HTTP/1.1"));
  EXPECT_THAT(text_of(path("logs/error.log")), HasSubstr("runs as nobody"));
}

TEST_F(processes_user_test, a_reload_that_user_may_not_do_changes_nothing) {
  use_root("one");
  start(2);
  await_all();
  use_root("two");
  const answer told = ask_control("POST", "/reload");
  EXPECT_EQ(told.status, 422);
  EXPECT_THAT(told.body, HasSubstr("server.key"));
  EXPECT_THAT(told.body, HasSubstr("Permission denied"));
  expect_served("one");
  // nor does a node that begins as root take what was refused
  kill_node(1);
  await_restart_of(1);
  for (int i = 0; i < 20; ++i)
    expect_served("one");
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(processes_user_test, reloads_go_on_at_its_ports_and_in_logs_that_root_has_made) {
  give_away("logs");
  give_away("server.key");
  use_root("one");
  start(2);
  await_all();
  expect_served("one");
  for (const char* file : {"logs/access.log", "logs/error.log"})
    EXPECT_EQ(owner_of(file), ids_of(user).first) << file;
  use_root("two");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  expect_served("two");
  // as logrotate does
  for (const std::string file : {"logs/access.log", "logs/error.log"})
    fs::rename(path(file), path(file + ".1"));
  use_root("one");
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  expect_served("one");
  kill_node(2);
  expect_identities(await_restart_of(2));
  EXPECT_EQ(stop(), 0) << running().logged();
  for (const std::string file : {"logs/access.log", "logs/error.log"}) {
    EXPECT_EQ(owner_of(file), ids_of(user).first) << file;
    EXPECT_NE(text_of(path(file)), "");
    EXPECT_EQ(text_of(path(file + ".1")).find("Permission denied"), std::string::npos);
    EXPECT_EQ(text_of(path(file)).find("Permission denied"), std::string::npos);
  }
}

} // namespace
} // namespace perron::testing
