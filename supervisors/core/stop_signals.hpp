// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/descriptor.hpp>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace perron::supervisors::core {

/// SIGTERM and SIGINT as something to poll for, instead of what they do to threads, for as long as it lives.
/// Threads inherit what it blocks, so it is made before them, by the thread that unmakes it.
class stop_signals {
public:
  /// Not `minds_int`: only SIGTERM.
  explicit stop_signals(bool minds_int = true) : fd_(start(before_, minds_int)) {}
  ~stop_signals() {
    // those that came too late must not end the program now
    while (next() != 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  int fd() const noexcept { return fd_.get(); }

  /// The number of a signal that has come, 0 if none has. Does not wait.
  int next() noexcept {
    signalfd_siginfo info;
    return ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)
               ? static_cast<int>(info.ssi_signo)
               : 0;
  }

private:
  static int start(sigset_t& before, bool minds_int) {
    sigset_t mine;
    ::sigemptyset(&mine);
    ::sigaddset(&mine, SIGTERM);
    if (minds_int)
      ::sigaddset(&mine, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &mine, &before);
    return ::signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
  }

  sigset_t before_;
  descriptor fd_;
};

} // namespace perron::supervisors::core
