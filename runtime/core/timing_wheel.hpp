// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace perron::runtime::core {

/// The two pointers by which a node, or the head of a slot, stands in a circular list.
struct wheel_link {
  wheel_link* prev = nullptr;
  wheel_link* next = nullptr;
};

/// One timer, embedded in whatever it wakes: 24 bytes, and the wheel allocates nothing for it. It must not
/// move while it is armed and must be cancelled before it dies. Only the wheel writes to it.
struct wheel_node : wheel_link {
  /// Tick asked for at the last arm(); kept after firing and cancelling, so that one can tell the time left.
  std::uint64_t due = 0;

  wheel_node() = default;
  wheel_node(const wheel_node&) = delete;
  wheel_node& operator=(const wheel_node&) = delete;
  ~wheel_node() { assert(next == nullptr && "a timer died while it was armed"); }
};

/// Hierarchical timing wheel: the timers of one worker.
///
/// A tick is a millisecond since the node started. The wheel has no clock: the caller says what time it is.
/// It belongs to one thread at a time and takes no locks; to hand timers to another wheel, drain() this one
/// and arm them there.
///
/// How it is laid out. `elapsed_` is the tick up to which slots have been emptied. A node's level is the
/// highest group of six bits in which its due tick differs from `elapsed_`, its slot is the value of that
/// group. Hence
///
///  1. a slot of level 0 holds one tick only, a slot of level n holds 64^n ticks;
///  2. at each level only slots above `elapsed_`'s own are occupied, so there is no wrap-around and the
///     lowest set bit of the occupancy mask is the next slot;
///  3. everything on level n is due before anything on level n + 1;
///  4. equal due ticks share a slot at any moment, so they fire in the order in which they were armed.
///
/// When time enters a slot of a higher level its nodes are placed anew, each on a lower level: a node moves
/// at most six times in its life. Ticks that differ from `elapsed_` beyond 2^36 (2.2 years) wait in `beyond_`
/// and are placed anew when time crosses a multiple of 2^36. `elapsed_` jumps over empty slots: a gap of days
/// costs what a gap of 1 ms does.
class timing_wheel {
public:
  static constexpr unsigned levels = 6;
  static constexpr unsigned slots_per_level = 64;

  /// Ticks before `start` have already passed.
  explicit timing_wheel(std::uint64_t start = 0) noexcept : elapsed_(start), horizon_(start) {
    for (wheel_link& head : slots_)
      reset(head);
    reset(beyond_);
    reset(overdue_);
    reset(firing_);
  }

  timing_wheel(const timing_wheel&) = delete;
  timing_wheel& operator=(const timing_wheel&) = delete;

  /// What is still armed is unlinked and never fires.
  ~timing_wheel() {
    drain([](wheel_node&) {});
  }

  /// Makes `node` fire at the first advance() to `due_tick` or later. A tick that has passed already fires at
  /// the next advance(). An armed node is moved to its new tick. O(1).
  void arm(wheel_node& node, std::uint64_t due_tick) noexcept {
    if (linked(node))
      cancel(node);
    node.due = due_tick;
    ++size_;
    if (due_tick <= horizon_)
      push_back(overdue_, node);
    else
      place(node);
  }

  /// Takes `node` out; it will not fire. Nothing happens to a node that is not armed. `node` must be armed in
  /// this wheel, not in another. O(1).
  void cancel(wheel_node& node) noexcept {
    if (!linked(node))
      return;
    unlink(node);
    --size_;
  }

  /// True from arm() until cancel() or until just before the node fires.
  static bool linked(const wheel_node& node) noexcept { return node.next != nullptr; }

  /// The number of armed nodes.
  std::size_t size() const noexcept { return size_; }

  /// The earliest tick at which advance() has something to do, nothing if no node is armed. It is never later
  /// than the first due tick, but may be earlier, namely when nodes have to be placed on a lower level first:
  /// sleep until this tick, advance(), and ask again. Between a node's arming and its firing that makes at
  /// most six wake-ups. O(levels).
  std::optional<std::uint64_t> next_due() const noexcept {
    if (!empty(overdue_) || !empty(firing_))
      return horizon_;
    if (const auto slot = next_slot(); slot.head != nullptr)
      return slot.start;
    return std::nullopt;
  }

  /// Fires every node due at `now` or before, as `fired(wheel_node&)`, in order of due ticks and, where these
  /// are equal, of arming. Each is unlinked before its call.
  ///
  /// `fired` may arm and cancel any node, itself and those that are due in the same call included, and may
  /// destroy the node it is given. What it arms for `now` or before waits for the next advance(), so that
  /// each call ends. It must not call advance() or drain(). If it throws, the nodes that were not reached
  /// fire at the next call.
  ///
  /// A `now` before that of an earlier call counts as that earlier one. O(levels + occupied slots passed +
  /// nodes moved).
  template <class F>
  void advance(std::uint64_t now, F&& fired) {
    if (now > horizon_)
      horizon_ = now;
    append(firing_, overdue_);
    fire(fired);
    for (auto slot = next_slot(); slot.head != nullptr && slot.start <= horizon_; slot = next_slot()) {
      elapsed_ = slot.start;
      enter(slot);
      fire(fired);
    }
    elapsed_ = horizon_;
  }

  /// Unlinks every node, in no particular order, and calls `taken(wheel_node&)` for each. `taken` may arm the
  /// node in another wheel, not in this one. O(size).
  template <class F>
  void drain(F&& taken) {
    for (wheel_link& head : slots_)
      append(firing_, head);
    occupied_.fill(0);
    append(firing_, beyond_);
    append(firing_, overdue_);
    fire(taken);
  }

private:
  static constexpr unsigned bits_per_level = 6;
  static constexpr unsigned range_bits = bits_per_level * levels;

  struct slot_ref {
    wheel_link* head;    ///< nullptr: nothing is armed beyond the overdue
    unsigned index;      ///< in slots_; slots_.size() for beyond_
    std::uint64_t start; ///< first tick of the slot
  };

  static void reset(wheel_link& head) noexcept { head.prev = head.next = &head; }

  static bool empty(const wheel_link& head) noexcept { return head.next == &head; }

  static void push_back(wheel_link& head, wheel_link& node) noexcept {
    node.prev = head.prev;
    node.next = &head;
    head.prev->next = &node;
    head.prev = &node;
  }

  /// Moves all of `from` behind `to`.
  static void append(wheel_link& to, wheel_link& from) noexcept {
    if (empty(from))
      return;
    from.next->prev = to.prev;
    to.prev->next = from.next;
    from.prev->next = &to;
    to.prev = from.prev;
    reset(from);
  }

  /// When both neighbours are one, that one is the head, and its place in slots_ names the bit to clear.
  void unlink(wheel_node& node) noexcept {
    wheel_link* const before = node.prev;
    wheel_link* const after = node.next;
    before->next = after;
    after->prev = before;
    node.prev = node.next = nullptr;
    if (before == after) {
      const auto offset =
          reinterpret_cast<std::uintptr_t>(after) - reinterpret_cast<std::uintptr_t>(slots_.data());
      if (offset < sizeof(slots_))
        clear_bit(static_cast<unsigned>(offset / sizeof(wheel_link)));
    }
  }

  void clear_bit(unsigned index) noexcept {
    occupied_[index / slots_per_level] &= ~(std::uint64_t{1} << (index % slots_per_level));
  }

  void place(wheel_node& node) noexcept {
    if (node.due <= elapsed_) {
      push_back(firing_, node);
      return;
    }
    const unsigned level = (static_cast<unsigned>(std::bit_width(node.due ^ elapsed_)) - 1) / bits_per_level;
    if (level >= levels) {
      push_back(beyond_, node);
      return;
    }
    const unsigned slot = static_cast<unsigned>(node.due >> (level * bits_per_level)) % slots_per_level;
    push_back(slots_[level * slots_per_level + slot], node);
    occupied_[level] |= std::uint64_t{1} << slot;
  }

  slot_ref next_slot() const noexcept {
    auto* const self = const_cast<timing_wheel*>(this);
    for (unsigned level = 0; level < levels; ++level) {
      if (occupied_[level] == 0)
        continue;
      const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
      const unsigned shift = level * bits_per_level;
      const std::uint64_t above = elapsed_ >> (shift + bits_per_level) << (shift + bits_per_level);
      const unsigned index = level * slots_per_level + slot;
      return {&self->slots_[index], index, above | (std::uint64_t{slot} << shift)};
    }
    if (!empty(beyond_))
      return {&self->beyond_, levels * slots_per_level, ((elapsed_ >> range_bits) + 1) << range_bits};
    return {nullptr, 0, 0};
  }

  /// Time has come to `slot`: its nodes go to firing_ or to lower levels.
  void enter(const slot_ref& slot) noexcept {
    if (slot.index < slots_per_level) {
      clear_bit(slot.index);
      append(firing_, *slot.head);
      return;
    }
    wheel_link entered;
    reset(entered);
    append(entered, *slot.head);
    if (slot.index < slots_.size())
      clear_bit(slot.index);
    for (wheel_link* link = entered.next; link != &entered;) {
      auto& node = static_cast<wheel_node&>(*link);
      link = link->next;
      place(node);
    }
  }

  template <class F>
  void fire(F& fired) {
    while (!empty(firing_)) {
      auto& node = static_cast<wheel_node&>(*firing_.next);
      unlink(node);
      --size_;
      fired(node);
    }
  }

  std::uint64_t elapsed_; ///< slots up to here are empty
  std::uint64_t horizon_; ///< the `now` of the running or last advance(); >= elapsed_
  std::size_t size_ = 0;
  std::array<std::uint64_t, levels> occupied_{}; ///< bit n: slot n of that level has nodes
  wheel_link beyond_;                            ///< differ from elapsed_ above range_bits
  wheel_link overdue_;                           ///< armed for horizon_ or before; fire at the next advance()
  wheel_link firing_;                            ///< being fired by the running advance()
  std::array<wheel_link, std::size_t{levels} * slots_per_level> slots_;
};

} // namespace perron::runtime::core
