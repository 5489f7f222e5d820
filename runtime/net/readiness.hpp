// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstdint>

namespace perron::runtime::net::detail {

/// One direction of a socket: whether a system call may get on, and who waits until one does. One word,
/// because the event that ends a wait may arrive at any moment between the call that found nothing and the
/// wait.
///
/// "Event" is an edge from the poller of the socket's home worker.
///
/// | state      | word       | meaning                             | leaves it by                           |
/// |------------|------------|-------------------------------------|----------------------------------------|
/// | ready      | 0          | a system call may get on            | begin -> call                          |
/// | dry        | 2          | a call found nothing; no news since | event -> ready; sleep -> asleep;       |
/// |            |            |                                     | arm -> armed; begin(insist) -> call    |
/// | call       | 4          | a process is in a system call       | event -> call+event;                   |
/// |            |            |                                     | end -> ready or dry                    |
/// | call+event | 6          | as call; it may have missed news    | end -> ready                           |
/// | asleep     | envelope   | a process sleeps; this will wake it | event -> ready, home sends it;         |
/// |            |            |                                     | give_up -> dry, the process has it back|
/// | armed      | envelope+1 | the next data go out as this mail   | event -> read; disarm -> dry           |
/// | read       | 8          | home is in the system call for it   | end_read -> ready or dry;              |
/// |            |            |                                     | rearm -> armed                         |
///
/// | function               | who may call it                                                             |
/// |------------------------|-----------------------------------------------------------------------------|
/// | begin, sleep, arm      | any process; while one is in a call or waits, others are told `busy`        |
/// | end                    | who was told `go`                                                           |
/// | give_up                | who sleeps                                                                  |
/// | disarm, is_read        | the owner of the socket, also to close it                                   |
/// | event, end_read, rearm | the home worker                                                             |
/// | leftover               | who frees the socket                                                        |
///
/// Why a wake-up cannot be lost: begin leaves `ready` before the system call is made. What an older event
/// told of, the call sees. A newer one leads through call+event to `ready`, so that the call is repeated; or
/// it comes after sleep and finds the envelope. There is no second word to look at.
///
/// Why home may use the descriptor in `read`: who closes finds `read` after disarm and then leaves the
/// descriptor to home; once disarm has been called in any other state, `read` is not entered again.
template <class Envelope, template <class> class Atomic = std::atomic>
class readiness {
public:
  enum class attempt : std::uint8_t {
    go,  ///< make the system call, then end()
    dry, ///< it would find nothing: sleep
    busy ///< somebody else is at it
  };
  enum class bedding : std::uint8_t {
    done,  ///< the envelope belongs to the event now
    ready, ///< an event has come in meanwhile; the envelope is still the caller's
    busy   ///< as ready, but begin would not give `go`
  };
  /// What an event has found.
  struct found {
    Envelope* envelope = nullptr; ///< home's now
    bool to_read = false;         ///< home is to read and then to call end_read or rearm
  };

  /// Before a system call. With `insist` also if no event has come since one that found nothing.
  attempt begin(bool insist = false) noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == dry_mark && !insist)
        return attempt::dry;
      if (seen != ready_mark && seen != dry_mark)
        return attempt::busy;
      // acquire: what home noted before the event, the caller sees
      if (word_.compare_exchange_weak(seen, call_mark, std::memory_order_acquire, std::memory_order_relaxed))
        return attempt::go;
    }
  }

  /// After the system call. Not `exhausted`: the next call may find something, or fail again.
  void end(bool exhausted) noexcept {
    std::uintptr_t expected = call_mark;
    if (exhausted && word_.compare_exchange_strong(expected, dry_mark, std::memory_order_relaxed,
                                                   std::memory_order_relaxed))
      return;
    // acq_rel: passes on what home noted before an event that came during the call
    word_.exchange(ready_mark, std::memory_order_acq_rel);
  }

  bedding sleep(Envelope* wake) noexcept { return lie_down(reinterpret_cast<std::uintptr_t>(wake)); }

  /// Takes the envelope of a sleep back. Only while it must still exist: if it has not arrived.
  bool give_up(Envelope* wake) noexcept {
    auto expected = reinterpret_cast<std::uintptr_t>(wake);
    // relaxed: the caller takes back what it has written itself
    return word_.compare_exchange_strong(expected, dry_mark, std::memory_order_relaxed,
                                         std::memory_order_relaxed);
  }

  /// As sleep, for a process that does not sleep: home will read and send the mail.
  bedding arm(Envelope* mail) noexcept {
    return lie_down(reinterpret_cast<std::uintptr_t>(mail) | armed_bit);
  }

  /// Takes the mail of an arm back; null if there is none or it is on its way.
  Envelope* disarm() noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_relaxed);
    while ((seen & armed_bit) != 0)
      // acquire: the mail may come from another thread, by way of home
      if (word_.compare_exchange_weak(seen, dry_mark, std::memory_order_acquire, std::memory_order_relaxed))
        return as_envelope(seen);
    return nullptr;
  }

  /// Acquire: if home is not reading, it is done with the descriptor.
  bool is_read() const noexcept { return word_.load(std::memory_order_acquire) == read_mark; }

  found event() noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      const bool armed = (seen & armed_bit) != 0;
      const bool in_call = seen == call_mark || seen == call_event_mark;
      const std::uintptr_t next = armed ? read_mark : in_call ? call_event_mark : ready_mark;
      // acq_rel: acquire for the envelope's content; release for what home noted about the event, which is
      // also why a word that is ready is written again
      if (word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed))
        return {as_envelope(seen), armed};
    }
  }

  // release: who finds home gone also finds what it has done
  void end_read(bool exhausted) noexcept {
    word_.store(exhausted ? dry_mark : ready_mark, std::memory_order_release);
  }
  void rearm(Envelope* mail) noexcept {
    word_.store(reinterpret_cast<std::uintptr_t>(mail) | armed_bit, std::memory_order_release);
  }

  Envelope* leftover() noexcept { return as_envelope(word_.exchange(ready_mark, std::memory_order_acquire)); }

private:
  static constexpr std::uintptr_t ready_mark = 0;
  static constexpr std::uintptr_t armed_bit = 1;
  static constexpr std::uintptr_t dry_mark = 2;
  static constexpr std::uintptr_t call_mark = 4;
  static constexpr std::uintptr_t call_event_mark = 6;
  static constexpr std::uintptr_t read_mark = 8;

  static Envelope* as_envelope(std::uintptr_t word) noexcept {
    return word > read_mark ? reinterpret_cast<Envelope*>(word & ~armed_bit) : nullptr;
  }

  bedding lie_down(std::uintptr_t word) noexcept {
    std::uintptr_t expected = dry_mark;
    // release: publishes the envelope's content to home
    if (word_.compare_exchange_strong(expected, word, std::memory_order_release, std::memory_order_relaxed))
      return bedding::done;
    return expected == ready_mark ? bedding::ready : bedding::busy;
  }

  Atomic<std::uintptr_t> word_{ready_mark};
};

} // namespace perron::runtime::net::detail
