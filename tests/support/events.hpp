// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace perron::testing {

/// How long a test waits for what must happen. No healthy run comes near it; it turns a hang into a failure.
inline constexpr std::chrono::seconds patience{60};

/// Something that processes make happen and an ordinary thread waits for. Any thread; happen() blocks nobody.
class event {
public:
  explicit event(unsigned times = 1) : missing_(times) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  void happen() {
    const std::lock_guard hold(lock_);
    if (missing_ != 0)
      --missing_;
    bell_.notify_all();
  }

  bool happened() const {
    const std::lock_guard hold(lock_);
    return missing_ == 0;
  }

  /// Not from a process: it would hold its worker up. Fails the test if the event does not come.
  bool await(const char* what = "the event") {
    std::unique_lock hold(lock_);
    const bool came = bell_.wait_for(hold, patience, [&] { return missing_ == 0; });
    EXPECT_TRUE(came) << what << " did not happen";
    return came;
  }

private:
  mutable std::mutex lock_;
  std::condition_variable bell_;
  unsigned missing_;
};

/// Values that processes leave for an ordinary thread, in order.
template <class T>
class outcome_queue {
public:
  void put(T value) {
    const std::lock_guard hold(lock_);
    values_.push_back(std::move(value));
    bell_.notify_one();
  }

  /// Not from a process. Nothing, and a failed test, if none comes.
  std::optional<T> take() {
    std::unique_lock hold(lock_);
    if (!bell_.wait_for(hold, patience, [&] { return !values_.empty(); })) {
      ADD_FAILURE() << "no value came";
      return std::nullopt;
    }
    std::optional<T> out(std::move(values_.front()));
    values_.pop_front();
    return out;
  }

private:
  std::mutex lock_;
  std::condition_variable bell_;
  std::deque<T> values_;
};

} // namespace perron::testing
