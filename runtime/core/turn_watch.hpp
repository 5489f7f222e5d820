// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>

namespace perron::runtime::core {

/// What the watchdog finds when it looks at a worker; times in nanoseconds of the monotonic clock.
struct turn_seen {
  const void* by = nullptr;    ///< the thread that has the worker
  std::uint64_t number = 0;    ///< of that thread's turns; changes with each
  bool is_outside = false;     ///< in a process's code
  std::uint64_t polled_ns = 0; ///< when the worker last looked at its sockets and timers
  bool is_first = false;       ///< of the turns since then, so that it began about then
};

/// What is known of the turn that one worker gives, from looks at it: about when it began, whether that is
/// too long, and when the next look is due. A look wakes a thread, which costs ten times what the look itself
/// does, so there are few as long as all seems well; and as a worker says when it last polled, a turn that
/// began then is known to be stuck as soon as with many.
///
/// Without a clock of its own; one thread.
class turn_watch {
public:
  /// Who has not given way for two of `patience_ns` is stuck.
  explicit turn_watch(std::uint64_t patience_ns) noexcept : patience_ns_(patience_ns) {}

  void look(const turn_seen& now_seen, std::uint64_t now_ns) noexcept {
    moved_ = now_seen.by != by_ || now_seen.number != number_;
    by_ = now_seen.by;
    number_ = now_seen.number;
    if (moved_) {
      looks_ = 0;
      const std::uint64_t last_look_ns = looked_ns_ == 0 ? now_ns : looked_ns_;
      began_ns_ = now_seen.is_first ? std::clamp(now_seen.polled_ns, last_look_ns, now_ns) : now_ns;
    }
    looked_ns_ = now_ns;
    is_outside_ = now_seen.is_outside;
    if (is_outside_)
      ++looks_;
    is_late_ = now_ns - std::min(now_seen.polled_ns, now_ns) >= patience_ns_ / 3;
    is_stuck_ = is_outside_ && looks_ > 1 && now_ns - began_ns_ >= 2 * patience_ns_;
    if (is_outside_ && (is_late_ || looks_ > 1))
      next_ns_ = std::max(now_ns + patience_ns_, began_ns_ + 2 * patience_ns_);
    else
      next_ns_ = now_ns + 3 * patience_ns_;
  }

  /// Whether there was another turn, or another thread, at the look before.
  bool has_moved() const noexcept { return moved_; }
  /// Whether the worker has not polled for a while: it may not come to it itself, as turns are long.
  bool is_late() const noexcept { return is_late_; }
  /// Whether this turn is seen for the first time, in a process's code.
  bool is_new() const noexcept { return is_outside_ && looks_ == 1; }
  bool is_stuck() const noexcept { return is_stuck_; }
  /// How many looks have found this turn in a process's code.
  unsigned looks() const noexcept { return looks_; }
  std::uint64_t next_look_ns() const noexcept { return next_ns_; }

private:
  std::uint64_t patience_ns_;
  const void* by_ = nullptr;
  std::uint64_t number_ = 0;
  std::uint64_t looked_ns_ = 0; ///< 0: never
  std::uint64_t began_ns_ = 0;  ///< about; no later than when it was seen first
  std::uint64_t next_ns_ = 0;
  unsigned looks_ = 0;
  bool moved_ = false;
  bool is_outside_ = false;
  bool is_late_ = false;
  bool is_stuck_ = false;
};

} // namespace perron::runtime::core
