// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pthread.h>

#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

namespace perron::httpd::program {

/// Has a function called for each SIGHUP, on a thread of its own, while it is told to heed them; others are
/// taken and do nothing. Made by the main thread before there are others, which inherit that the signal is
/// blocked, and unmade by it.
class hangup {
public:
  explicit hangup(std::function<void()> call);
  ~hangup();
  hangup(const hangup&) = delete;
  hangup& operator=(const hangup&) = delete;

  /// Any thread. After heed(false) no call is under way, nor will one begin.
  void heed(bool yes);

private:
  void run();

  const std::function<void()> call_;
  std::mutex lock_;
  bool heeds_ = false; ///< under the lock, which is held while the function runs
  sigset_t before_;
  int signals_ = -1;
  int over_ = -1; ///< eventfd: the thread ends
  std::thread thread_;
};

} // namespace perron::httpd::program
