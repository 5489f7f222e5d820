// SPDX-License-Identifier: BSD-3-Clause
// `perron run` as a service manager runs it, which this test plays: it listens at the notify socket, opens
// the sockets, has a watchdog, and gives orders by signals.
#include "httpd/program/service/notify_socket.hpp"
#include "support/loopback.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

namespace perron::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A program with the environment that systemd gives it, and one socket to listen on as descriptor 3.
class supervised_program {
public:
  supervised_program(const std::string& file, std::map<std::string, std::string> environment, int socket)
      : pid_(::fork()) {
    if (pid_ != 0)
      return;
    for (const auto& [name, value] : environment)
      ::setenv(name.c_str(), value.c_str(), 1);
    if (socket >= 0) {
      ::dup2(socket, 3);
      ::setenv("LISTEN_FDS", "1", 1);
      ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
      ::setenv("LISTEN_FDNAMES", "web", 1);
    }
    const std::string path = std::string(PERRON_BIN_DIR) + "/perron";
    ::execl(path.c_str(), "perron", "run", file.c_str(), nullptr);
    ::_exit(127);
  }
  ~supervised_program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  supervised_program(const supervised_program&) = delete;
  supervised_program& operator=(const supervised_program&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  /// Its exit code; waits for it.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

private:
  pid_t pid_;
};

class supervised_test : public ::testing::Test {
protected:
  supervised_test() : listening_(listen_on_loopback(100)), port_(port_of(listening_)) {
    std::ofstream(path("index.html")) << "hello\n";
  }
  ~supervised_test() override { ::close(listening_); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string content(const std::string& name) const {
    std::ifstream in(path(name));
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  /// A site on the socket that is handed in; `more` stands in its table.
  void configure(const std::string& more = "") const {
    std::ofstream(path("perron.toml"))
        << "[server]\ncontrol = \"" << path("control") << "\"\npid_file = \"" << path("pid")
        << "\"\nworkers = 2\n[log]\nerror = \"" << path("error.log")
        << "\"\n[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:" << port_ << "\"\n[[site]]\nroot = \""
        << folder_.path().string() << "\"\naccess_log = \"" << path("access.log") << "\"\n"
        << more;
  }
  supervised_program start() const {
    return {
        path("perron.toml"), {{"NOTIFY_SOCKET", manager_.name()}, {"WATCHDOG_USEC", "20000"}}, listening_};
  }
  raw_client client() const { return raw_client::to(port_); }
  std::string ready_of(const supervised_program& p) const {
    return "READY=1\nMAINPID=" + std::to_string(p.pid());
  }

  const temporary_folder folder_;
  mutable notify_socket manager_{folder_.path() / "notify"};

private:
  const int listening_;
  const std::uint16_t port_;
};

TEST_F(supervised_test, says_when_it_is_ready_reloads_lives_and_stops) {
  configure();
  supervised_program p = start();
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  EXPECT_EQ(client().get("/").body, "hello\n") << "on the socket that was handed in";
  EXPECT_EQ(content("pid"), std::to_string(p.pid()) + "\n");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(manager_.next(), "WATCHDOG=1");

  configure("[[site.location]]\npath = \"/new\"\nreturn = 200\nbody = \"new\"\n");
  EXPECT_EQ(client().get("/new").status, 404);
  p.signal(SIGHUP);
  EXPECT_THAT(manager_.next_but_watchdog(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  EXPECT_EQ(client().get("/new").status, 200);
  EXPECT_EQ(manager_.next(), "WATCHDOG=1");

  p.signal(SIGTERM);
  EXPECT_THAT(manager_.next_but_watchdog(), EndsWith("STOPPING=1"));
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(content("pid"), "");
  EXPECT_THAT(content("access.log"), HasSubstr("\"GET / HTTP/1.1\" 200 6 "));
  EXPECT_THAT(content("access.log"), HasSubstr("\"GET /new HTTP/1.1\" 404 "));
}

TEST_F(supervised_test, a_bad_configuration_is_told_of_and_changes_nothing) {
  configure();
  supervised_program p = start();
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  configure("rooot = \"/\"\n");
  p.signal(SIGHUP);
  EXPECT_THAT(manager_.next_but_watchdog(), StartsWith("RELOADING=1\n"));
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  EXPECT_EQ(client().get("/").body, "hello\n");
  p.signal(SIGTERM);
  EXPECT_THAT(manager_.next_but_watchdog(), EndsWith("STOPPING=1"));
  EXPECT_EQ(p.wait(), 0);
  EXPECT_THAT(content("error.log"), HasSubstr("rooot"));
}

TEST_F(supervised_test, clients_wait_while_it_is_started_again) {
  configure();
  {
    supervised_program first = start();
    ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(first)));
    first.signal(SIGTERM);
    EXPECT_THAT(manager_.next_but_watchdog(), EndsWith("STOPPING=1"));
    EXPECT_EQ(first.wait(), 0);
  }
  raw_client early = client();
  ASSERT_TRUE(early.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  supervised_program second = start();
  EXPECT_EQ(early.read().body, "hello\n");
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait(), 0);
}

TEST_F(supervised_test, log_files_are_opened_again_on_sighup) {
  configure();
  supervised_program p = start();
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  raw_client c = client();
  EXPECT_EQ(c.get("/?first").status, 200);
  EXPECT_EQ(c.get("/").status, 200); // the first has been logged when this begins
  ASSERT_EQ(::rename(path("access.log").c_str(), path("moved").c_str()), 0);
  p.signal(SIGHUP);
  EXPECT_THAT(manager_.next_but_watchdog(), StartsWith("RELOADING=1\n"));
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  EXPECT_EQ(client().get("/?second").status, 200);
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_THAT(content("moved"), HasSubstr("/?first"));
  EXPECT_THAT(content("access.log"), HasSubstr("/?second"));
}

TEST_F(supervised_test, several_processes_speak_once) {
  configure();
  const std::string text = content("perron.toml");
  const auto with = [&](const std::string& more) {
    std::ofstream(path("perron.toml")) << "[server]\nprocesses = 3\n"
                                       << text.substr(text.find('\n') + 1) << more;
  };
  with("");
  supervised_program p = start();
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  EXPECT_EQ(content("pid"), std::to_string(p.pid()) + "\n");
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(client().get("/").body, "hello\n") << "on the socket that was handed in";
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(manager_.next(), "WATCHDOG=1");

  with("[[site.location]]\npath = \"/new\"\nreturn = 200\nbody = \"new\"\n");
  p.signal(SIGHUP);
  EXPECT_THAT(manager_.next_but_watchdog(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  ASSERT_THAT(manager_.next_but_watchdog(), EndsWith(ready_of(p)));
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(client().get("/new").status, 200);

  p.signal(SIGTERM);
  EXPECT_THAT(manager_.next_but_watchdog(), EndsWith("STOPPING=1"));
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(content("pid"), "");
}

} // namespace
} // namespace perron::testing
