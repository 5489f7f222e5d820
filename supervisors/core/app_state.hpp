// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/supervisors/core/descriptor.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace perron::supervisors::core {

/// What wakes the main thread besides signals: the tree has ended, or somebody wants it to. Any thread.
class bell {
public:
  bell() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(fd_.get(), &one, sizeof one));
  }
  void hush() const noexcept {
    std::uint64_t count = 0;
    static_cast<void>(!::read(fd_.get(), &count, sizeof count));
  }

private:
  descriptor fd_;
};

/// How the tree of a program ended.
struct app_outcome {
  bool in_order = false;
  std::string why{};
};

/// What the main thread, the process above the root supervisor and those who call app::stop share.
class app_state {
public:
  const bell changed;
  std::atomic<bool> stop_wanted{false};
  /// Called once, by a process, when the tree has started. Set before there are any.
  std::function<void()> on_up{};

  /// Has this node stop in order.
  void want_stop() noexcept {
    stop_wanted.store(true, std::memory_order_release);
    changed.ring();
  }

  void end(app_outcome how) noexcept {
    {
      const std::lock_guard hold(lock_);
      ended_ = std::move(how);
    }
    changed.ring();
  }
  /// How it ended, if it has; told once.
  std::optional<app_outcome> take_outcome() {
    const std::lock_guard hold(lock_);
    return std::exchange(ended_, std::nullopt);
  }

  void set_root(runtime::pid who) {
    const std::lock_guard hold(lock_);
    root_ = who;
  }
  runtime::pid root() const {
    const std::lock_guard hold(lock_);
    return root_;
  }

private:
  mutable std::mutex lock_;
  std::optional<app_outcome> ended_;
  runtime::pid root_;
};

} // namespace perron::supervisors::core
