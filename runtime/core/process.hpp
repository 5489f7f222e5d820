// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/doorway.hpp>
#include <perron/runtime/core/entry.hpp>
#include <perron/runtime/core/envelope.hpp>
#include <perron/runtime/core/mail_queue.hpp>
#include <perron/runtime/core/relations.hpp>
#include <perron/runtime/core/runnable.hpp>
#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace perron::runtime::core {

struct scheduler;
struct stack;
struct timer;
struct process;

/// Where a process is in its life; written by whoever runs it, read by tools.
enum class process_state : std::uint8_t { free, ready, running, waiting, hibernating, exiting };

/// What a waiting process waits for; for tools, and for signals that only end a wait in receive.
enum class wait_kind : std::uint8_t { none, receive, call, readable, writable, blocking, room };

/// What happens to mail for a full mailbox. Signals are never counted or refused.
enum class overflow : std::uint8_t {
  refuse, ///< send() says so and the mail is dropped
  wait,   ///< the sending process waits for room; from outside a process: as refuse
  kill    ///< the receiver is ended with reason "mailbox_full"
};

/// Told when a process ends that was spawned under it; see request supervision. Called on the process's own
/// stack after its function has ended and before anybody else is told; must not wait.
struct end_observer {
  virtual void process_ended(process& who, const exit_reason& why) noexcept = 0;

protected:
  ~end_observer() = default;
};

/// The engine's record of one process. Lives in a slot of the process table; the memory is never given to
/// anything else while the node lives, so a stale pid may always look.
///
/// | field                        | who may touch it                                                       |
/// |------------------------------|------------------------------------------------------------------------|
/// | door, id, mail_sent,mail_room| any thread (atomic)                                                    |
/// | bound, policy, pinned        | written before the door opens, then read by any thread; atomic because |
/// |                              | a stale pid may look while the slot's next process is being made       |
/// | sched                        | written for the slot's first process, then read by any thread          |
/// | state, waits_for, reductions,| written by the owner, read by any thread as a moment's picture         |
/// |   mail_taken                 |                                                                        |
/// | everything else              | the owner: the creator until the door opens, then whoever runs it. A   |
/// |                              | parked process is owned by who wins unpark() or the waking push        |
struct alignas(64) process : runnable {
  process() noexcept;

  // -- one cache line, with the two words of runnable: all that a sender touches
  doorway<envelope> door;
  std::atomic<std::uint64_t> id{0};
  /// For a bounded mailbox, how much was ever sent to it, counted by the senders; in the upper half the lower
  /// half of the process's id, so that a late sender does not count in the mailbox of the slot's next
  /// process.
  std::atomic<std::uint64_t> mail_room{0};
  scheduler* sched = nullptr;
  std::atomic<std::uint32_t> mail_sent{0};  ///< for one that is not bounded, how much was ever sent to it
  std::atomic<std::uint32_t> mail_taken{0}; ///< of these, taken by a clause; counted by the owner
  std::atomic<std::uint32_t> bound{0};      ///< 0: unbounded
  std::atomic<overflow> policy{overflow::refuse};
  std::atomic<std::int8_t> pinned{-1}; ///< the only worker it may run on, or -1
  std::atomic<process_state> state{process_state::free};
  std::atomic<wait_kind> waits_for{wait_kind::none};

  // -- what it is doing
  bool trap_exit = false;
  bool named = false;                  ///< stands in the registry of names
  bool grouped = false;                ///< is a member of a group
  bool hibernated = false;             ///< the function in body waits for mail
  bool throw_recorded = false;         ///< the carrier knows where the exception that ended it was thrown
  bool interrupted = false;            ///< end it at its next receive, with exit_with
  std::uint8_t ignored_interrupts = 0; ///< kinds of interrupt, bits of their ref, that do nothing to it
  bool in_timeout = false;             ///< the timer of the wait under way went off
  std::int32_t budget = 0;             ///< reductions left in this turn
  std::uint32_t wait_seq = 0;          ///< number of the wait under way; older timeouts and wakes are stale
  bool woken = false;                  ///< a wake for this wait_seq arrived

  // -- its stack; null while it has not started or hibernates
  void* context = nullptr;
  stack* own_stack = nullptr;
  std::size_t stack_bytes = 0; ///< asked for at spawn
  std::array<void*, 2> exception_globals{};
  int saved_errno = 0;

  // -- mailbox and ties
  mail_queue mail;
  std::unique_ptr<relations> ties;
  timer* wait_timer = nullptr;
  std::uint64_t call_ref = 0; ///< the call under way, 0 if none
  envelope* call_reply = nullptr;
  std::uint64_t deadline_ms = 0; ///< of the call being served, 0 if none; nested calls end by it
  exit_reason exit_with;         ///< valid if exit_pending
  bool exit_pending = false;
  bool exit_is_final = false; ///< it was a kill
  bool exit_met = false;      ///< exit_with was thrown at least once

  std::atomic<std::uint64_t> reductions{0};
  std::array<pid, 3> ancestors{}; ///< parent first
  end_observer* observer = nullptr;
  void* observer_data = nullptr;
  const std::type_info* initial = nullptr;
  entry body;

  /// Mail and calls that wait; exact for the owner, a moment's picture for others.
  std::uint32_t mail_waiting() const noexcept {
    const std::uint32_t sent = bound.load(std::memory_order_relaxed) == 0
                                   ? mail_sent.load(std::memory_order_relaxed)
                                   : static_cast<std::uint32_t>(mail_room.load(std::memory_order_relaxed));
    return sent - mail_taken.load(std::memory_order_relaxed);
  }
  /// Counts mail for process `of` that is let in without asking for room.
  void count_sent(std::uint64_t of) noexcept;
  void count_taken() noexcept {
    mail_taken.store(mail_taken.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  pid self() noexcept { return {this, id.load(std::memory_order_relaxed)}; }
  relations& tied() {
    if (!ties)
      ties = std::make_unique<relations>();
    return *ties;
  }
};

} // namespace perron::runtime::core
