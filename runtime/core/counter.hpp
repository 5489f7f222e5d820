// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace perron::runtime::core {

/// A figure that one owner counts up and anybody may read. No locked instruction.
class counter {
public:
  void add(std::uint64_t n = 1) noexcept {
    // release, which costs nothing more on x86: who reads that something has ended comes after it
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_release);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_acquire); }

private:
  std::atomic<std::uint64_t> value_{0};
};

} // namespace perron::runtime::core
