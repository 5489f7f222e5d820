// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace perron::runtime::core {

struct carrier;

/// Anything a worker can run: a process, a foreign CAF job, an errand for a worker. Intrusive: being queued
/// costs no memory. It stands in at most one queue at a time.
struct runnable {
  using run_function = void (*)(runnable&, carrier&);

  runnable* next = nullptr;
  run_function run;

  explicit constexpr runnable(run_function f) noexcept : run(f) {}
};

/// A first-in first-out list of runnables; not synchronised.
class runnable_list {
public:
  bool empty() const noexcept { return head_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  void push(runnable& item) noexcept {
    item.next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = &item;
    tail_ = &item;
    ++size_;
  }

  runnable* pop() noexcept {
    runnable* item = head_;
    if (item != nullptr) {
      head_ = item->next;
      --size_;
    }
    return item;
  }

private:
  runnable* head_ = nullptr;
  runnable* tail_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace perron::runtime::core
