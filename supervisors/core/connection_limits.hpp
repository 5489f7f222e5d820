// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace perron::supervisors::core {

/// What somebody who accepts connections does next.
enum class admission : std::uint8_t {
  accept,
  sleep,    ///< as many as are wanted are there: clients wait where they are
  turn_away ///< there must not be more: take it, say so, close
};

/// How many connections a supervisor lets in. The rules are Ranch's (otp-semantics 5.11), with a second
/// limit:
///
/// - at `max_connections` those who accept go to sleep, and clients wait in the kernel's backlog;
/// - at `hard_limit` clients are accepted and told so at once. It counts all connections, the other one only
///   those that have not left the count; so it is met where it is the lower one, and by those that have left.
///
/// A limit of 0 is none. Each acceptor asks, accepts one and counts it, so a limit may be passed by as many
/// as there are acceptors, less one.
///
/// An end wakes one sleeper, a raised limit wakes all. Who was woken and found no client passes it on, since
/// the room that he leaves may be what another sleeper's client waits for.
///
/// | field             | who may touch it                            |
/// |-------------------|---------------------------------------------|
/// | all, counted,     | any thread (atomic)                         |
/// |  soft, hard       |                                             |
/// | asleep            | written with the lock, read by anybody      |
/// | list and sleepers | with the lock                               |
///
/// No wake-up is lost: a sleeper says that it sleeps and then looks whether there is room, who makes room
/// makes it and then looks whether anybody sleeps, all sequentially consistent, so one of them sees the
/// other. The lock is taken only where somebody sleeps.
template <template <class> class Atomic = std::atomic, class Lock = std::mutex>
class basic_connection_limits {
public:
  /// Somebody who sleeps until there may be room. Belongs to one acceptor at a time.
  class sleeper {
  public:
    /// Called once for each sleep(), on whatever thread made room and with the lock held: it must not call
    /// back.
    using wake_function = void (*)(sleeper&) noexcept;

    explicit sleeper(wake_function f) noexcept : wake_(f) {}
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;

  private:
    friend class basic_connection_limits;

    const wake_function wake_;
    sleeper* next_ = nullptr;
    bool listed_ = false;
  };

  basic_connection_limits(std::size_t max_connections, std::size_t hard_limit)
      : soft_(max_connections), hard_(hard_limit) {}
  basic_connection_limits(const basic_connection_limits&) = delete;
  basic_connection_limits& operator=(const basic_connection_limits&) = delete;

  admission advice() const noexcept {
    const std::size_t hard = hard_.load(std::memory_order_seq_cst);
    if (hard != 0 && all_.load(std::memory_order_seq_cst) >= hard)
      return admission::turn_away;
    const std::size_t soft = soft_.load(std::memory_order_seq_cst);
    if (soft != 0 && counted_.load(std::memory_order_seq_cst) >= soft)
      return admission::sleep;
    return admission::accept;
  }

  /// A connection is there.
  void came() noexcept {
    counted_.fetch_add(1, std::memory_order_seq_cst);
    all_.fetch_add(1, std::memory_order_seq_cst);
  }
  /// It has ended; `counted`: it had not left the count.
  void ended(bool counted) noexcept {
    all_.fetch_sub(1, std::memory_order_seq_cst);
    if (counted)
      counted_.fetch_sub(1, std::memory_order_seq_cst);
    pass_on();
  }
  /// It leaves the count of max_connections, for good, and stays (Ranch: remove_connection).
  void leaves_count() noexcept {
    counted_.fetch_sub(1, std::memory_order_seq_cst);
    pass_on();
  }

  /// Goes to sleep; false: not now, there is room. Otherwise it is woken, once, unless forget() comes
  /// first.
  [[nodiscard]] bool sleep(sleeper& s) noexcept {
    {
      const guard hold(lock_);
      s.next_ = nullptr;
      s.listed_ = true;
      (last_ != nullptr ? last_->next_ : first_) = &s;
      last_ = &s;
      asleep_.store(asleep_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
    }
    return advice() == admission::sleep || !forget(s);
  }
  /// It sleeps no longer. False: it did not, or has been woken.
  bool forget(sleeper& s) noexcept {
    const guard hold(lock_);
    if (!s.listed_)
      return false;
    sleeper* before = nullptr;
    for (sleeper* each = first_; each != &s; each = each->next_)
      before = each;
    take(before, s);
    return true;
  }
  /// Wakes the one who has slept longest if there is room. Costs a load where nobody sleeps.
  void pass_on() noexcept {
    if (asleep_.load(std::memory_order_seq_cst) == 0 || advice() == admission::sleep)
      return;
    const guard hold(lock_);
    if (sleeper* s = first_; s != nullptr) {
      take(nullptr, *s);
      s->wake_(*s);
    }
  }

  void set_max_connections(std::size_t n) noexcept {
    soft_.store(n, std::memory_order_seq_cst);
    wake_all();
  }
  void set_hard_limit(std::size_t n) noexcept {
    hard_.store(n, std::memory_order_seq_cst);
    wake_all();
  }
  /// All look again.
  void wake_all() noexcept {
    const guard hold(lock_);
    while (sleeper* s = first_) {
      take(nullptr, *s);
      s->wake_(*s);
    }
  }

  std::size_t max_connections() const noexcept { return soft_.load(std::memory_order_relaxed); }
  std::size_t hard_limit() const noexcept { return hard_.load(std::memory_order_relaxed); }
  std::size_t all() const noexcept { return all_.load(std::memory_order_seq_cst); }
  std::size_t counted() const noexcept { return counted_.load(std::memory_order_seq_cst); }
  std::size_t asleep() const noexcept { return asleep_.load(std::memory_order_seq_cst); }

private:
  using guard = std::lock_guard<Lock>;

  void take(sleeper* before, sleeper& s) noexcept {
    (before != nullptr ? before->next_ : first_) = s.next_;
    if (last_ == &s)
      last_ = before;
    s.listed_ = false;
    asleep_.store(asleep_.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
  }

  Atomic<std::size_t> all_{0};
  Atomic<std::size_t> counted_{0};
  Atomic<std::size_t> soft_;
  Atomic<std::size_t> hard_;
  Atomic<std::size_t> asleep_{0};
  Lock lock_;
  sleeper* first_ = nullptr;
  sleeper* last_ = nullptr;
};

using connection_limits = basic_connection_limits<>;

} // namespace perron::supervisors::core
