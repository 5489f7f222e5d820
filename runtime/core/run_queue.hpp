// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace perron::runtime::core {

/// A bounded first-in first-out ring of ready work: one owner pushes and pops, any number of thieves take
/// batches from the old end.
///
/// | field    | who writes it                                   | who reads it |
/// |----------|-------------------------------------------------|--------------|
/// | tail_    | owner                                           | everybody    |
/// | head_    | owner and thieves, by compare-exchange          | everybody    |
/// | cells_[i]| owner, only while i is outside [head_, tail_)   | whoever then wins head_ |
///
/// head_ only grows (64 bits: it does not wrap in the life of a machine), so a thief that copied cells and
/// then wins the compare-exchange on the very head_ it had read knows that none of them was overwritten
/// meanwhile: the owner writes a cell again only after head_ has moved past it.
///
/// "Owner" is whoever holds the worker, not a fixed thread; a worker is handed over with a synchronising
/// operation in between.
template <class Item, std::size_t Capacity = 1024, template <class> class Atomic = std::atomic>
class run_queue {
public:
  static_assert((Capacity & (Capacity - 1)) == 0, "capacity is a power of two");

  /// Owner only. False if full.
  bool push(Item* item) noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    // acquire: pairs with the thief's release on head_, so its reads of a cell precede our overwriting it
    if (tail - head_.load(std::memory_order_acquire) >= Capacity)
      return false;
    cells_[tail % Capacity].store(item, std::memory_order_relaxed);
    // release: publishes the cell and what the item points to
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Owner only. Null if empty.
  Item* pop() noexcept {
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    while (head != tail) {
      Item* item = cells_[head % Capacity].load(std::memory_order_relaxed);
      // release on success orders our read of the cell before the slot counts as free, for a later owner
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        return item;
    }
    return nullptr;
  }

  /// Any thread. Takes up to half of what is there (at least one), at most `most`, into `out`; gives how
  /// many.
  template <std::size_t Most>
  std::size_t steal(std::array<Item*, Most>& out) noexcept {
    // acquire on both: the cells and items behind tail_ must be visible
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t tail = tail_.load(std::memory_order_acquire);
      if (tail <= head)
        return 0;
      std::uint64_t count = (tail - head + 1) / 2;
      if (count > Most)
        count = Most;
      for (std::uint64_t i = 0; i < count; ++i)
        out[i] = cells_[(head + i) % Capacity].load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, head + count, std::memory_order_acq_rel,
                                      std::memory_order_acquire))
        return count;
    }
  }

  /// How much waits; exact for the owner when nobody steals, else a moment's picture that may even
  /// exceed the capacity.
  std::size_t size() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    return tail > head ? static_cast<std::size_t>(tail - head) : 0;
  }

private:
  alignas(64) Atomic<std::uint64_t> head_{0};
  alignas(64) Atomic<std::uint64_t> tail_{0};
  std::array<Atomic<Item*>, Capacity> cells_{};
};

} // namespace perron::runtime::core
