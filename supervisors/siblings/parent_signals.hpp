// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/descriptor.hpp>

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace perron::siblings::core {

/// The signals that a parent of nodes minds, as something to poll for: SIGTERM, SIGINT, SIGHUP, SIGCHLD.
class parent_signals {
public:
  parent_signals() : fd_(start(before_)) {}
  ~parent_signals() {
    while (next() != 0) {
    }
    restore();
  }
  parent_signals(const parent_signals&) = delete;
  parent_signals& operator=(const parent_signals&) = delete;

  int fd() const noexcept { return fd_.get(); }

  /// The number of one that has come, 0 if none has.
  int next() noexcept {
    signalfd_siginfo info;
    return ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)
               ? static_cast<int>(info.ssi_signo)
               : 0;
  }
  /// Lets signals be what they were before.
  void restore() const noexcept { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  static int start(sigset_t& before) {
    sigset_t mine;
    ::sigemptyset(&mine);
    for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGCHLD})
      ::sigaddset(&mine, each);
    ::pthread_sigmask(SIG_BLOCK, &mine, &before);
    return ::signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
  }

  sigset_t before_{};
  supervisors::core::descriptor fd_;
};

} // namespace perron::siblings::core
