// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace perron::runtime {

/// Token bucket: lets `burst` events through at once and `per_second` of them for as long as one likes, and
/// counts those it refused. For events that may be lost, as log lines; not for shaping traffic, as nobody is
/// told when to come back.
///
/// Any thread may call anything at any time: lock-free, one compare-and-swap for an admitted event, one
/// addition for a refused one. It reads no clock: `now_ns` is any clock that counts nanoseconds up, the same
/// for all calls.
///
/// Kept is not a number of tokens but the moment at which the bucket will be full again (GCRA, ITU-T I.371):
/// one word, so that one compare-and-swap does refilling and taking.
class rate_limit {
public:
  /// Both at least 1 and at most 1e9; `burst` events take no longer than 2^62 ns to earn back.
  constexpr rate_limit(std::uint32_t per_second, std::uint32_t burst) noexcept
      : interval_(1'000'000'000 / static_cast<std::int64_t>(per_second)),
        depth_(interval_ * static_cast<std::int64_t>(burst)) {}

  /// How many were refused since the last admitted one if the event may pass (it is counted as passed),
  /// nothing if it may not (it is counted as refused).
  std::optional<std::uint64_t> admit(std::uint64_t now_ns) noexcept {
    const auto now = static_cast<std::int64_t>(now_ns);
    // Relaxed: the word is all there is, it guards no other memory.
    std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    std::int64_t then = 0;
    do {
      then = (full_at > now ? full_at : now) + interval_;
      if (then - now > depth_) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
      }
    } while (!full_at_.compare_exchange_weak(full_at, then, std::memory_order_relaxed));
    return take_refused();
  }

  /// True if admit() would let an event pass now. Takes and counts nothing.
  bool would_admit(std::uint64_t now_ns) const noexcept {
    const auto now = static_cast<std::int64_t>(now_ns);
    const std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
    return (full_at > now ? full_at : now) + interval_ - now <= depth_;
  }

  /// Counts events that were lost elsewhere, behind this limit, as refused.
  void count_refused(std::uint64_t events) noexcept { refused_.fetch_add(events, std::memory_order_relaxed); }

  /// How many were refused since the last admitted one; they are not counted again. For whoever wants to tell
  /// when no event follows to tell it with.
  std::uint64_t take_refused() noexcept {
    // Looked at first, so that admitting when nothing was refused does not write to the line that refusers
    // write to.
    return refused_.load(std::memory_order_relaxed) == 0 ? 0
                                                         : refused_.exchange(0, std::memory_order_relaxed);
  }

private:
  const std::int64_t interval_; ///< nanoseconds in which one event is earned
  const std::int64_t depth_;    ///< nanoseconds in which a whole burst is earned
  std::atomic<std::int64_t> full_at_{0};
  std::atomic<std::uint64_t> refused_{0};
};

} // namespace perron::runtime
