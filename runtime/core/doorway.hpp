// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace perron::runtime::core {

/// The entrance of a process: every message and every signal from every thread comes in through this one
/// word, and the process goes to sleep and is woken through it as well, so there is one protocol to get
/// right.
///
/// The word holds one of three marks or the newest element of a list that is kept newest first.
///
/// | state        | word       | meaning                                    | leaves it by |
/// |--------------|------------|--------------------------------------------|--------------------------------------|
/// | closed (0)   | 0          | no process here, or it is past its end     | open(), by the owner of a new
/// process| | empty        | 1          | process runs or is queued; nothing waits   | push -> filled, park
/// -> parked, close| | filled       | node       | process runs or is queued; mail waits      | push,
/// take_all -> empty, close       | | parked       | 2          | process is asleep; nobody runs it | push ->
/// filled: that pusher schedules| |              |            |                                            |
/// unpark -> empty: that caller does    |
///
/// Who may call what: push and unpark from any thread; take_all, park and close only by whoever runs the
/// process. After a park() that returned true the caller no longer runs it and may not touch it again: the
/// next pusher may already have put it on another worker.
///
/// Why a wake-up cannot be lost: park is a compare-exchange from `empty`. A push before it makes the word
/// `filled`, so the park fails and the process goes on; a push after it sees `parked`, so it is the one, and
/// the only one, that schedules the process. There is no second word to look at.
///
/// Why one word for mail and signals: what one process sends to another arrives in the order it was sent,
/// signals included, as in Erlang. Signals still never wait behind mail: take_all takes everything, the
/// bound of a mailbox is not applied to them, and they are acted upon before any mail is offered to a clause.
///
/// Zeroed memory is a closed doorway; slots may be given back to the system and read as zero.
template <class Node, template <class> class Atomic = std::atomic>
class doorway {
public:
  enum class pushed : std::uint8_t {
    queued, ///< taken; the process is awake
    woke,   ///< taken; the caller must schedule the process
    refused ///< closed; the caller still owns the node
  };

  /// For the creator of a process, before anybody else knows it: opens as `empty`.
  void open() noexcept {
    // release: a pusher that finds the door open also sees the process behind it
    word_.store(empty_mark, std::memory_order_release);
  }

  /// Opens as `parked`, for a process that first runs when something arrives.
  void open_parked() noexcept { word_.store(parked_mark, std::memory_order_release); }

  pushed push(Node* node) noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == closed_mark)
        return pushed::refused;
      node->next = seen == parked_mark ? nullptr : as_node(seen);
      // acq_rel: release publishes the node's content to take_all; acquire, when we take over a parked
      // process, makes all it did before parking visible to the worker that we hand it to
      if (word_.compare_exchange_weak(seen, reinterpret_cast<std::uintptr_t>(node), std::memory_order_acq_rel,
                                      std::memory_order_relaxed))
        return seen == parked_mark ? pushed::woke : pushed::queued;
    }
  }

  /// Whether take_all would give something. A hint for the owner, exact unless somebody pushes right now.
  bool filled() const noexcept { return word_.load(std::memory_order_relaxed) > parked_mark; }
  bool is_closed() const noexcept { return word_.load(std::memory_order_relaxed) == closed_mark; }
  bool is_parked() const noexcept { return word_.load(std::memory_order_relaxed) == parked_mark; }

  /// The address of what has arrived last, null if nothing: to be prefetched, and not to be looked into.
  const void* newest() const noexcept { return as_node(word_.load(std::memory_order_relaxed)); }

  /// Everything that has arrived, oldest first; null if nothing.
  Node* take_all() noexcept {
    if (!filled())
      return nullptr;
    // acquire: pairs with the release of push. Nothing needs to be published by emptying the list.
    return oldest_first(word_.exchange(empty_mark, std::memory_order_acquire));
  }

  /// Puts the process to sleep if nothing has arrived. False: something has; go on running.
  [[nodiscard]] bool park() noexcept {
    std::uintptr_t expected = empty_mark;
    // release: whoever wakes the process sees all it did until here
    return word_.compare_exchange_strong(expected, parked_mark, std::memory_order_release,
                                         std::memory_order_relaxed);
  }

  /// Takes a sleeping process over without sending it anything. True: the caller must schedule it or park it
  /// again.
  [[nodiscard]] bool unpark() noexcept {
    std::uintptr_t expected = parked_mark;
    // acquire: the caller now owns the process and reads its state
    return word_.compare_exchange_strong(expected, empty_mark, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }

  /// Refuses everything from now on and gives what is left, oldest first.
  Node* close() noexcept {
    // acquire for the nodes; release so that who finds the door closed sees what was done before
    return oldest_first(word_.exchange(closed_mark, std::memory_order_acq_rel));
  }

private:
  static constexpr std::uintptr_t closed_mark = 0;
  static constexpr std::uintptr_t empty_mark = 1;
  static constexpr std::uintptr_t parked_mark = 2;

  static Node* as_node(std::uintptr_t word) noexcept {
    return word > parked_mark ? reinterpret_cast<Node*>(word) : nullptr;
  }

  static Node* oldest_first(std::uintptr_t word) noexcept {
    Node* newest = as_node(word);
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }

  Atomic<std::uintptr_t> word_{closed_mark};
};

} // namespace perron::runtime::core
