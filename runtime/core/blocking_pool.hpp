// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace perron::runtime::core {

/// Threads for code that blocks the operating-system thread: made when first needed, up to a bound; further
/// work queues. Any thread.
class blocking_pool {
public:
  explicit blocking_pool(unsigned most) : most_(most) {}
  ~blocking_pool() { stop(); }
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  void submit(std::function<void()> work);
  /// Runs what is queued, then ends the threads.
  void stop();

private:
  void loop();

  const unsigned most_;
  std::mutex lock_;
  std::condition_variable bell_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

} // namespace perron::runtime::core
