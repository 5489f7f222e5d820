// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/events.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace perron::app {

using lines = std::vector<std::string>;

/// One run of app_program, with variables on top of the test's own environment.
class program {
public:
  explicit program(std::string mode) : program(lines{"--mode", std::move(mode)}) {}
  explicit program(lines arguments, lines variables = {}) {
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
    std::string path = PERRON_BIN_DIR "/tests/app_program";
    std::vector<char*> words{path.data()};
    for (std::string& each : arguments)
      words.push_back(each.data());
    words.push_back(nullptr);
    std::vector<char*> around;
    for (std::string& each : variables)
      around.push_back(each.data());
    for (char** each = environ; *each != nullptr; ++each)
      around.push_back(*each);
    around.push_back(nullptr);
    if (::posix_spawn(&pid_, path.c_str(), &files, nullptr, words.data(), around.data()) != 0)
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

} // namespace perron::app
