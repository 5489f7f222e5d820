// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/descriptor.hpp>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <span>

namespace perron::supervisors::core {

/// Signals as something to poll for, instead of what they do to threads, for as long as it lives. Threads
/// inherit what it blocks, so it is made before them, by the thread that unmakes it.
class polled_signals {
public:
  explicit polled_signals(std::span<const int> which) : fd_(start(which, before_)) {}
  ~polled_signals() {
    // those that came too late must not end the program now
    while (next() != 0) {
    }
    restore();
  }
  polled_signals(const polled_signals&) = delete;
  polled_signals& operator=(const polled_signals&) = delete;

  int fd() const noexcept { return fd_.get(); }

  /// The number of a signal that has come, 0 if none has. Does not wait.
  int next() noexcept {
    signalfd_siginfo info;
    return ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)
               ? static_cast<int>(info.ssi_signo)
               : 0;
  }

  /// Lets signals do again what they did before, as in a process just forked.
  void restore() const noexcept { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  static int start(std::span<const int> which, sigset_t& before) {
    sigset_t mine;
    ::sigemptyset(&mine);
    for (const int each : which)
      ::sigaddset(&mine, each);
    ::pthread_sigmask(SIG_BLOCK, &mine, &before);
    return ::signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
  }

  sigset_t before_{};
  descriptor fd_;
};

} // namespace perron::supervisors::core
