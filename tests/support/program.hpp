// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/events.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace perron::testing {

/// A program that a test starts and watches: what it says on standard output and in its log (standard error),
/// and how it ends. Killed by the destructor if it still runs, and by the kernel when the thread that made it
/// ends, as a sanitizer's abort lets no destructor run. For ordinary threads.
class program {
public:
  program(std::string path, std::vector<std::string> arguments) {
    std::array<int, 2> out{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0)
      std::abort();
    log_ = ::memfd_create("log", MFD_CLOEXEC);
    std::vector<char*> argv{path.data()};
    for (std::string& argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      // the parent may have ended before the kernel was asked
      if (::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent &&
          ::dup2(out[1], STDOUT_FILENO) >= 0 && ::dup2(log_, STDERR_FILENO) >= 0)
        ::execve(path.c_str(), argv.data(), environ);
      ::_exit(127);
    }
    EXPECT_GT(pid_, 0) << path;
    EXPECT_EQ(::access(path.c_str(), X_OK), 0) << path;
    pid_ = std::max(pid_, 0);
    ::close(out[1]);
    out_ = out[0];
  }
  ~program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(log_);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  void signal(int number) const {
    if (pid_ > 0)
      ::kill(pid_, number);
  }

  bool has_ended() const {
    siginfo_t info{};
    return pid_ == 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                         info.si_pid != 0);
  }

  /// The next line on its standard output, empty at the end.
  std::string read_line() {
    std::size_t end = 0;
    while ((end = said_.find('\n')) == std::string::npos)
      if (!read_some())
        return std::exchange(said_, {});
    std::string line = said_.substr(0, end);
    said_.erase(0, end + 1);
    return line;
  }

  /// Waits for its end. Gives its exit code, or 128 + the signal that ended it.
  int wait() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// All that it has written to standard error so far.
  std::string logged() const {
    std::string all(static_cast<std::size_t>(std::max<off_t>(::lseek(log_, 0, SEEK_END), 0)), '\0');
    const ssize_t n = ::pread(log_, all.data(), all.size(), 0);
    all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return all;
  }

private:
  bool read_some() {
    pollfd ready{out_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1) {
      ADD_FAILURE() << "the program says nothing and does not end";
      signal(SIGKILL);
      return false;
    }
    std::array<char, 4096> part;
    const ssize_t n = ::read(out_, part.data(), part.size());
    if (n > 0)
      said_.append(part.data(), static_cast<std::size_t>(n));
    return n > 0;
  }

  pid_t pid_ = 0;
  int out_ = -1;
  int log_ = -1; ///< shares its offset with the child's descriptor, which appends
  std::string said_;
};

} // namespace perron::testing
