// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pthread.h>

#include <csignal>
#include <functional>
#include <thread>

namespace perron::httpd::program {

/// Has a function called for each SIGHUP, on a thread of its own, for as long as it lives. Made by the main
/// thread before there are others, which inherit that the signal is blocked, and unmade by it.
class hangup {
public:
  explicit hangup(std::function<void()> call);
  ~hangup();
  hangup(const hangup&) = delete;
  hangup& operator=(const hangup&) = delete;

private:
  void run() const;

  const std::function<void()> call_;
  sigset_t before_;
  int signals_ = -1;
  int over_ = -1; ///< eventfd: the thread ends
  std::thread thread_;
};

} // namespace perron::httpd::program
