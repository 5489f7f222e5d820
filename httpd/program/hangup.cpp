// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/hangup.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

namespace perron::httpd::program {

hangup::hangup(std::function<void()> call) : call_(std::move(call)) {
  sigset_t mine;
  ::sigemptyset(&mine);
  ::sigaddset(&mine, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &mine, &before_);
  signals_ = ::signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
  over_ = ::eventfd(0, EFD_CLOEXEC);
  // the other signals are for the main thread, which has not blocked them yet
  sigset_t all;
  sigset_t now;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &now);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &now, nullptr);
}

hangup::~hangup() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(over_, &one, sizeof one));
  thread_.join();
  ::close(over_);
  // what came too late must not end the program now
  signalfd_siginfo info;
  while (::read(signals_, &info, sizeof info) > 0) {
  }
  ::close(signals_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void hangup::heed(bool yes) {
  const std::lock_guard hold(lock_);
  heeds_ = yes;
}

void hangup::run() {
  std::array<pollfd, 2> fds{{{signals_, POLLIN, 0}, {over_, POLLIN, 0}}};
  for (;;) {
    ::poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0)
      return;
    signalfd_siginfo info;
    bool came = false;
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      came = true;
    const std::lock_guard hold(lock_);
    if (came && heeds_)
      call_();
  }
}

} // namespace perron::httpd::program
