// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/magazine.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace perron::runtime::core {

struct process;

/// A piece of address space that a process runs on, growing down from top(). Lowest page: guard.
struct stack {
  stack* next = nullptr; ///< in a free list
  std::byte* base = nullptr;
  std::size_t bytes = 0; ///< with the guard
  bool guarded = false;
  bool cold = false; ///< its pages were given back
  void* tsan_fiber = nullptr;
  std::atomic<process*> user{nullptr}; ///< who runs on it; a hint for the trimmer

  std::byte* top() const noexcept { return base + bytes; }
  /// Whether an address lies in the guard. Async-signal-safe.
  bool guards(const void* address) const noexcept {
    const auto* at = static_cast<const std::byte*>(address);
    return at >= base && at < base + guard_bytes;
  }

  static constexpr std::size_t guard_bytes = 4096;
};

/// Stacks of one size, cut from slabs: one mapping holds many, so that a million stacks need some thousand
/// mappings (the system allows 65,530) and only touched pages cost memory. Guard pages are installed with
/// MADV_GUARD_INSTALL where the kernel has it (6.13), which needs no mapping of its own; elsewhere the first
/// `max_mprotect_guards` stacks get one by mprotect and the others only the canary that is checked when a
/// process gives its stack back.
///
/// Any thread; one lock. Workers keep the most recently used ones in front (see stack_cache).
class stack_pool {
public:
  explicit stack_pool(std::size_t stack_bytes);
  ~stack_pool();
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  /// Some stacks, at least one. Throws std::bad_alloc when the system gives no more.
  bundle<stack> take_bundle();
  /// Takes them back; their pages go back to the system.
  void give_bundle(bundle<stack> stacks) noexcept;
  stack* take_one();
  void give_one(stack& s) noexcept {
    give_bundle({[&] {
                   s.next = nullptr;
                   return &s;
                 }(),
                 1});
  }

  std::size_t stack_bytes() const noexcept { return stack_bytes_; }
  std::size_t mapped_bytes() const;
  std::size_t in_use() const;

  /// Calls f(memory, bytes, records, count) for up to `most` slabs from the `first` on; false if there are no
  /// more behind them. Slabs stay where they are until the pool ends.
  template <class F>
  bool visit_slabs(std::size_t first, std::size_t most, F&& f) const {
    for (std::size_t i = first; i < first + most; ++i) {
      slab s;
      {
        const std::lock_guard hold(lock_);
        if (i >= slabs_.size())
          return false;
        s = slabs_[i];
      }
      f(s.memory, s.bytes, s.records, s.count);
    }
    return true;
  }

  static constexpr std::size_t max_mprotect_guards = 16'000;

private:
  struct slab {
    std::byte* memory;
    std::size_t bytes;
    stack* records;
    std::size_t count;
  };

  void grow();
  void guard(stack& s) noexcept;

  const std::size_t stack_bytes_;
  mutable std::mutex lock_;
  std::vector<slab> slabs_;
  std::vector<bundle<stack>> free_; ///< room for all is reserved when a slab is made
  std::size_t free_count_ = 0;
  std::size_t total_ = 0;
  std::size_t mprotect_guards_ = 0;
};

/// A worker's own few stacks.
using stack_cache = magazine<stack, 64>;

/// The pages of [base, base + bytes) that are in memory, as a count from the top down: how deep a stack was
/// ever used since its pages were last given back. One system call.
std::size_t touched_bytes(const stack& s) noexcept;

} // namespace perron::runtime::core
