// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace perron::runtime::caf {

/// Whether the CAF shell of a process has been asked for. It is made when somebody first asks, since most
/// processes live and end without anybody in CAF knowing them.
///
/// | state  | word       | leaves it by                                                                |
/// |--------|------------|-----------------------------------------------------------------------------|
/// | none   | id * 2     | ask() -> asked, by who holds the lock; close() -> closed, by the process     |
/// | asked  | id * 2 + 1 | open() of the slot's next process, which waits until the shell is given back |
/// | closed | 0          | open() of the slot's next process                                           |
///
/// | step                                                  | by                                           |
/// |-------------------------------------------------------|----------------------------------------------|
/// | (1) lock (2) none -> asked (3) make it (4) unlock     | who asks; (2) and (3) only for the first one |
/// | (a) none -> closed; if that fails (b) lock and unlock | the process at its end                       |
/// | (c) take the shell down                               |                                              |
///
/// (a) against (2): one of them wins. If (2) does, (b) waits until the shell is whole. Ids are never used
/// again, so a pid of an earlier process finds neither state. Zeroed memory is closed.
template <template <class> class Atomic = std::atomic>
class late_shell {
public:
  enum class answer : std::uint8_t { yours_to_make, made, gone };

  /// The creator of process `id`, before anybody knows it.
  void open(std::uint64_t id) noexcept { word_.store(id * 2, std::memory_order_relaxed); }

  /// With the lock, which stays locked until the shell is made.
  [[nodiscard]] answer ask(std::uint64_t id) noexcept {
    std::uint64_t seen = id * 2;
    // relaxed: the lock orders those who ask, and the process at its end behind them
    if (word_.compare_exchange_strong(seen, id * 2 + 1, std::memory_order_relaxed))
      return answer::yours_to_make;
    return seen == id * 2 + 1 ? answer::made : answer::gone;
  }

  /// The process at its end, without the lock. True: nobody asked, and nobody will. False: lock and unlock,
  /// then the shell is there.
  [[nodiscard]] bool close() noexcept {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    return seen % 2 == 0 && word_.compare_exchange_strong(seen, 0, std::memory_order_relaxed);
  }

private:
  Atomic<std::uint64_t> word_{0};
};

} // namespace perron::runtime::caf
