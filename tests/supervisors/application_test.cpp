// SPDX-License-Identifier: BSD-3-Clause
#include "support/events.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors {
namespace {

using lines = std::vector<std::string>;

/// One run of application_program.
class program {
public:
  explicit program(std::string mode) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    std::array<int, 2> log{};
    if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0 || ::pipe(log.data()) != 0)
      std::abort();
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&files, out[1], 1);
    ::posix_spawn_file_actions_adddup2(&files, log[1], 2);
    for (const int fd : {in[0], in[1], out[0], out[1], log[0], log[1]})
      ::posix_spawn_file_actions_addclose(&files, fd);
    std::string path = PERRON_BIN_DIR "/tests/application_program";
    std::array<char*, 3> arguments{path.data(), mode.data(), nullptr};
    if (::posix_spawn(&pid_, path.c_str(), &files, nullptr, arguments.data(), environ) != 0)
      std::abort();
    ::posix_spawn_file_actions_destroy(&files);
    ::close(in[0]);
    ::close(out[1]);
    ::close(log[1]);
    in_ = in[1];
    out_ = out[0];
    log_ = log[0];
  }
  ~program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {in_, out_, log_})
      ::close(fd);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  void signal(int number) const { ::kill(pid_, number); }
  void type(char byte) const { EXPECT_EQ(::write(in_, &byte, 1), 1); }

  /// Reads lines up to this one.
  void until(const std::string& line) {
    while (next_line())
      if (said_.back() == line)
        return;
    ADD_FAILURE() << "'" << line << "' was not said";
  }

  /// Reads on to the end; gives the exit code, -1 if there is none.
  int wait() {
    while (next_line()) {
    }
    std::string chunk;
    while (read_some(log_, chunk))
      logged_ += chunk;
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const lines& said() const { return said_; }
  const std::string& logged() const { return logged_; }

private:
  static bool read_some(int fd, std::string& chunk) {
    constexpr int limit = std::chrono::milliseconds(testing::patience).count();
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, limit) != 1) {
      ADD_FAILURE() << "the program says nothing and does not end";
      return false;
    }
    chunk.resize(4096);
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    chunk.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return got > 0;
  }

  bool next_line() {
    std::size_t end = 0;
    while ((end = rest_.find('\n')) == std::string::npos) {
      std::string chunk;
      if (!read_some(out_, chunk))
        return false;
      rest_ += chunk;
    }
    said_.push_back(rest_.substr(0, end));
    rest_.erase(0, end + 1);
    return true;
  }

  pid_t pid_ = 0;
  int in_ = -1;
  int out_ = -1;
  int log_ = -1;
  std::string rest_;
  lines said_;
  std::string logged_;
};

const lines orderly{"start a", "start b", "ready", "end b (shutdown)", "end a (shutdown)", "main returns"};

TEST(application, stops_in_order_at_sigterm) {
  program p("waits");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(application, stops_in_order_at_sigint) {
  program p("waits");
  p.until("ready");
  p.signal(SIGINT);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(application, ignores_sigpipe) {
  program p("gets_sigpipe");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), orderly);
}

TEST(application, ends_at_once_at_the_second_signal) {
  for (const auto& [first, second] : {std::pair(SIGTERM, SIGTERM), std::pair(SIGTERM, SIGINT)}) {
    program p("is_stubborn");
    p.until("ready");
    p.signal(first);
    p.until("does not want to");
    p.signal(second);
    EXPECT_EQ(p.wait(), 128 + second);
    EXPECT_EQ(p.said(), (lines{"start a", "start b", "ready", "does not want to"}));
  }
}

TEST(application, kills_what_does_not_stop_in_time) {
  program p("has_little_time");
  p.until("ready");
  p.signal(SIGTERM);
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said().back(), "main returns");
  EXPECT_NE(p.logged().find("program: did not stop in time"), std::string::npos) << p.logged();
}

TEST(application, can_be_stopped_while_it_starts) {
  program p("starts_slowly");
  p.until("starting");
  p.signal(SIGTERM);
  p.type('x');
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "starting", "end b (shutdown)", "end a (shutdown)",
                             "main returns"}));
}

TEST(application, gives_1_and_the_reason_if_the_root_gives_up) {
  program p("gives_up");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
  EXPECT_NE(
      p.logged().find("program: the root supervisor gave up: reached_max_restart_intensity (child 'weak')"),
      std::string::npos)
      << p.logged();
  EXPECT_NE(p.logged().find("std::runtime_error: too weak"), std::string::npos);
}

TEST(application, gives_1_and_the_reason_if_a_child_does_not_start) {
  program p("does_not_start");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
  EXPECT_NE(p.logged().find("failed_to_start_child: broken: no such port"), std::string::npos) << p.logged();
}

TEST(application, gives_1_and_the_reason_if_the_specs_are_wrong) {
  program p("has_wrong_specs");
  EXPECT_EQ(p.wait(), 1);
  EXPECT_EQ(p.said(), (lines{"main returns"}));
  EXPECT_NE(p.logged().find("duplicate_child_name"), std::string::npos) << p.logged();
}

TEST(application, gives_0_if_its_work_is_done) {
  program p("comes_to_an_end");
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said().back(), "main returns");
  EXPECT_NE(p.logged().find("program: stopped"), std::string::npos) << p.logged();
}

TEST(application, can_stop_itself) {
  program p("stops_itself");
  EXPECT_EQ(p.wait(), 0);
  EXPECT_EQ(p.said(), (lines{"start a", "start b", "end b (shutdown)", "end a (shutdown)", "main returns"}));
}

} // namespace
} // namespace perron::supervisors
