// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/blocking_pool.hpp>

#include <utility>

namespace perron::runtime::core {

void blocking_pool::submit(std::function<void()> work) {
  const std::lock_guard hold(lock_);
  queue_.push_back(std::move(work));
  if (idle_ < queue_.size() && threads_.size() < most_)
    threads_.emplace_back([this] { loop(); });
  bell_.notify_one();
}

void blocking_pool::loop() {
  std::unique_lock hold(lock_);
  for (;;) {
    ++idle_;
    bell_.wait(hold, [&] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty())
      return;
    std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    hold.unlock();
    work();
    work = nullptr;
    hold.lock();
  }
}

void blocking_pool::stop() {
  {
    const std::lock_guard hold(lock_);
    stopping_ = true;
  }
  bell_.notify_all();
  for (std::thread& t : threads_)
    t.join();
  threads_.clear();
}

} // namespace perron::runtime::core
