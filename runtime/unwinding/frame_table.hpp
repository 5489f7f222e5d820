// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/unwinding/frame_rule.hpp>
#include <perron/runtime/unwinding/landing.hpp>
#include <perron/runtime/unwinding/registers.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace perron::runtime::unwinding {

/// What is to be known of a call that an exception comes out of, in one cache line.
///
/// | field           | who may touch it                                                          |
/// |-----------------|---------------------------------------------------------------------------|
/// | pc              | 0: free; 1: somebody fills it in; else published, and never changed again  |
/// | everything else | whoever made pc 1, until he publishes it; then read by any thread          |
struct alignas(64) frame {
  std::atomic<std::uint64_t> pc{0}; ///< where the call returns to
  frame_rule rule;
  unwinding::landing landing;

  /// Turns the function's registers into its caller's.
  void step(registers& r) const noexcept {
    const std::uint64_t base =
        r.value[rule.frame_register] + static_cast<std::uint64_t>(std::int64_t{rule.frame_offset});
    for (std::size_t i = 0; i < registers::kept; ++i)
      if (rule.saved[i] != 0)
        std::memcpy(&r.value[i], reinterpret_cast<const std::uint64_t*>(base) + rule.saved[i],
                    sizeof r.value[i]);
    std::memcpy(&r.value[registers::pc], reinterpret_cast<const std::uint64_t*>(base) - 1,
                sizeof r.value[registers::pc]);
    r.value[registers::sp] = base;
  }
};

/// The frame of the call that returns to `pc`; null for code that may be unloaded, and if too many are known.
/// What was once asked for is found in some nanoseconds, without a lock.
const frame* find_frame(std::uint64_t pc) noexcept;

} // namespace perron::runtime::unwinding
