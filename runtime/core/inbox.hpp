// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/fetch.hpp>

#include <atomic>
#include <cstdint>

namespace perron::runtime::core {

/// Whether somebody sleeps, for those who may have to wake him. The sleeper calls fall_asleep(), looks once
/// more whether there is a reason to stay awake, and only then sleeps; others first make the reason and then
/// call claim(). Both sides are sequentially consistent, so either the sleeper sees the reason or the other
/// sees the sleeper; of several others one wins the claim and rings.
///
/// | field   | who writes it                                | who reads it |
/// |---------|----------------------------------------------|--------------|
/// | asleep_ | the sleeper; to false also whoever claims it | everybody    |
template <template <class> class Atomic = std::atomic>
class sleeper {
public:
  void fall_asleep() noexcept { asleep_.store(true, std::memory_order_seq_cst); }
  void wake_up() noexcept { asleep_.store(false, std::memory_order_seq_cst); }
  bool is_asleep() const noexcept { return asleep_.load(std::memory_order_seq_cst); }
  /// The same as a hint, for who looks again later.
  bool seems_asleep() const noexcept { return asleep_.load(std::memory_order_relaxed); }
  /// True: the caller has to wake the sleeper, and nobody else will.
  [[nodiscard]] bool claim() noexcept {
    return asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst);
  }

private:
  Atomic<bool> asleep_{false};
};

/// Jobs that other threads leave for one worker, which sleeps while it has none. Job has a `next`.
///
/// | step                                    | by            |
/// |-----------------------------------------|---------------|
/// | (1) fall_asleep (2) look at the list    | may_sleep()   |
/// | (3) sleep, in the poller (4) wake_up    | the worker    |
/// | (a) link the job (b) claim the sleeper  | post()        |
/// | (c) ring the alarm of the poller        | who posted    |
///
/// (1) and (2) against (a) and (b): see sleeper. An alarm that rings before (3) ends the sleep at once.
///
/// What the poster wrote last has to come from its processor's cache to the worker's: this list, the job, and
/// what the job reads first. The worker could only ask for one after the other, as each holds the address of
/// the next; so the poster leaves the last address beside the list, and the worker asks for all at once,
/// which makes a round trip between two workers a twentieth to an eighth cheaper. Of several posters'
/// addresses the last one counts; one that is lost or wrong only costs that time.
template <class Job, template <class> class Atomic = std::atomic>
class inbox {
public:
  /// Any thread. True: ring the worker's alarm. `reads`: what the job will read first, if that is known.
  [[nodiscard]] bool post(Job& job, const void* reads = nullptr) noexcept {
    if (reads != nullptr)
      reads_.store(reinterpret_cast<std::uintptr_t>(reads), std::memory_order_relaxed); // only prefetched
    Job* seen = newest_.load(std::memory_order_relaxed);
    do
      job.next = seen;
    // seq_cst: step (a), against (2)
    while (!newest_.compare_exchange_weak(seen, &job, std::memory_order_seq_cst, std::memory_order_relaxed));
    return owner.claim();
  }

  bool empty() const noexcept { return newest_.load(std::memory_order_relaxed) == nullptr; }

  /// Worker: all that has come, oldest first.
  Job* take_all() noexcept {
    Job* newest = newest_.load(std::memory_order_relaxed);
    if (newest == nullptr)
      return nullptr;
    fetch_to_write(reinterpret_cast<std::uintptr_t>(newest));
    if (const std::uintptr_t reads = reads_.load(std::memory_order_relaxed); reads != 0) {
      fetch_to_write(reads);
      fetch_to_write(reads + cache_line);
      reads_.store(0, std::memory_order_relaxed);
    }
    // acquire: pairs with post
    newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Job* oldest = nullptr;
    while (newest != nullptr) {
      Job* next = static_cast<Job*>(newest->next);
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }

  /// Worker: steps (1) and (2). It is asleep to others, whatever this gives, until it calls owner.wake_up().
  [[nodiscard]] bool may_sleep() noexcept {
    owner.fall_asleep();
    return newest_.load(std::memory_order_seq_cst) == nullptr;
  }

  sleeper<Atomic> owner;

private:
  Atomic<Job*> newest_{nullptr};
  std::atomic<std::uintptr_t> reads_{0}; ///< a hint, and no part of the protocol
};

} // namespace perron::runtime::core
