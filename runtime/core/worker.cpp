// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/worker.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/scheduler.hpp>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace perron::runtime::core {
namespace {

/// A worker that has had no idle moment for this long, and has work queued, lets others take some. Sharing
/// costs both sides some microseconds for the wake-up, and each stolen process ten cache lines or so.
constexpr std::uint64_t share_after_ns = 300'000;
/// While there is work, sockets and timers are looked at this often; less often when much is queued or when
/// not all that was ready at the last look has had its turn, and never for more than a third of the time:
/// what came in is finished before more is let in, and is then more at once. The clock is read every so many
/// turns, and then what is late has its turn.
constexpr std::uint64_t poll_every_ns = 100'000;
constexpr std::uint64_t poll_late_ns = 2'000'000;
constexpr std::size_t short_queue = 64;
/// As many turns go from callers to who they call and back before the queue is looked at. Calls of calls are
/// seldom deeper; and two who call each other for ever cost the others no more than half a millisecond.
constexpr unsigned most_in_a_row = 16;
/// But never later than this: a look may seem to have taken long because the thread was not running.
constexpr std::uint64_t most_poll_pause_ns = 10'000'000;
constexpr unsigned clock_every = 16;
/// So long turns of others go before what is late: 0.1 to 0.25 ms where ticks are cycles.
constexpr std::uint64_t most_late_ticks = 500'000;
constexpr std::uint32_t most_spin_rounds = 2000;
constexpr std::uint32_t first_spin_rounds = 64;
/// Who slept less than this when he last did gives way to other threads before he sleeps again.
constexpr std::uint64_t short_sleep_ns = 50'000;
/// Others who had the processor for longer than this, and for so long for each thing that came of it, have
/// work of their own and do not wait for ours. They are given no way for so many times as long: it costs us
/// three hundredths of the time at most, and a worker that sleeps instead is woken when its work is there.
constexpr std::uint64_t long_way_ns = 300'000;
constexpr std::uint64_t fair_way_ns = 20'000;
constexpr unsigned no_way_for = 32;
/// A way that took less than this was of use to nobody: there is no other thread that wants this processor.
/// Such a way costs a third of a microsecond, and is then given only every so many times.
constexpr std::uint64_t short_way_ns = 2'000;
constexpr unsigned ask_alone_every = 4;

void relax_processor() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

} // namespace

worker::worker(scheduler& s, unsigned i) : sched(s), index(i), scratch(new char[scratch_bytes]) {}

std::uint64_t worker::now_ms() const noexcept { return sched.now_ms(); }

std::uint64_t worker::new_id() noexcept {
  if (next_id_ == last_id_) {
    next_id_ = sched.take_ids();
    last_id_ = next_id_ + scheduler::ids_per_block;
  }
  return next_id_++;
}

void worker::push(runnable& job) noexcept {
  if (overflow_size.load(std::memory_order_relaxed) != 0 || !ready.push(&job)) {
    const std::lock_guard hold(overflow_lock);
    overflow.push(job);
    overflow_size.store(overflow.size(), std::memory_order_relaxed);
  }
}

void worker::push_next(runnable& job) noexcept {
  // nobody can steal it from here, and while others are asked to help they shall find all there is
  if (sharing.load(std::memory_order_relaxed)) {
    push(job);
    return;
  }
  if (up_next_ != nullptr)
    push(*up_next_);
  up_next_ = &job;
}

void worker::post(runnable& job, const void* reads) noexcept {
  if (incoming.post(job, reads))
    poll.wake();
}

void worker::take_incoming() noexcept {
  for (runnable* job = incoming.take_all(); job != nullptr;) {
    runnable* next = job->next;
    // errands and jobs that were posted to this worker on purpose are not for thieves
    pinned.push(*job);
    job = next;
  }
}

void worker::refill() noexcept {
  const std::lock_guard hold(overflow_lock);
  for (std::size_t moved = 0; moved < 512 && !overflow.empty(); ++moved) {
    runnable* job = overflow.pop();
    if (!ready.push(job)) {
      overflow.push(*job);
      break;
    }
  }
  overflow_size.store(overflow.size(), std::memory_order_relaxed);
}

runnable* worker::next() noexcept {
  if (++tick_ % clock_every == 0) {
    look_around();
    late_turn_ = !late.empty();
  }
  take_incoming();
  if (!late.empty() && (late_turn_ || rough_ticks() - late_since_ > most_late_ticks))
    return next_late();
  if (up_next_ != nullptr) {
    runnable* job = std::exchange(up_next_, nullptr);
    if (++in_a_row_ <= most_in_a_row)
      return job;
    push(*job);
  }
  in_a_row_ = 0;
  pinned_turn_ = !pinned_turn_;
  if (pinned_turn_)
    if (runnable* job = pinned.pop(); job != nullptr)
      return job;
  if (runnable* job = ready.pop(); job != nullptr)
    return job;
  if (overflow_size.load(std::memory_order_relaxed) != 0) {
    refill();
    if (runnable* job = ready.pop(); job != nullptr)
      return job;
  }
  if (runnable* job = pinned.pop(); job != nullptr)
    return job;
  return next_late();
}

/// All of them in a row.
runnable* worker::next_late() noexcept {
  runnable* job = late.pop();
  late_turn_ = !late.empty();
  return job;
}

void worker::look_around() noexcept {
  const std::uint64_t now = monotonic_ns();
  const std::size_t queued = queue_length();
  const std::uint64_t since = now - polled_ns.load(std::memory_order_relaxed);
  const bool through = static_cast<int>(tick_ - through_at_) >= 0;
  if (since >= (queued <= short_queue && through ? poll_every_ns : poll_late_ns) &&
      since >= std::min(2 * poll_cost_ns_, most_poll_pause_ns)) {
    poll_now(0);
    poll_cost_ns_ = polled_ns.load(std::memory_order_relaxed) - now;
  }
  if (now - idle_ns_ >= share_after_ns && queued != 0)
    share();
}

void worker::share() noexcept {
  share_work(true);
  sched.wake_one(*this);
}

/// How many sockets were ready, timers went off and bells were rung.
std::size_t worker::poll_now(int timeout_ms) noexcept {
  polls.add();
  std::size_t came = poll.wait(timeout_ms, *this);
  // an empty wheel is moved on as well, else what is armed next lands on too high a level
  const std::uint64_t now = monotonic_ns();
  polled_ns.store(now, std::memory_order_relaxed);
  polled_at_turn.store(carried_by.load(std::memory_order_relaxed)->turns.load(std::memory_order_relaxed),
                       std::memory_order_relaxed);
  polled_ms = sched.ms_at(now);
  wheel.advance(polled_ms, [&](wheel_node& node) {
    auto& t = static_cast<wheel_timer&>(node);
    t.fire(t, *this);
    ++came;
  });
  through_at_ = tick_ + static_cast<unsigned>(queue_length());
  return came;
}

bool worker::steal_some() noexcept {
  std::array<runnable*, 64> loot;
  for (std::size_t i = 1; i < sched.workers.size(); ++i) {
    worker& victim = *sched.workers[(index + i) % sched.workers.size()];
    if (!victim.sharing.load(std::memory_order_relaxed))
      continue;
    const std::size_t n = victim.ready.steal(loot);
    if (n == 0)
      continue;
    stolen.add(n);
    for (std::size_t k = 0; k < n; ++k)
      push(*loot[k]);
    return true;
  }
  return false;
}

bool worker::has_work() const noexcept {
  return up_next_ != nullptr || queue_length() != 0 || !pinned.empty() || !late.empty();
}

bool worker::somebody_shares() const noexcept {
  return std::any_of(sched.workers.begin(), sched.workers.end(), [](const auto& w) {
    return w->sharing.load(std::memory_order_relaxed) && w->ready.size() != 0;
  });
}

bool worker::linger(const process& p) noexcept {
  // Every so many waits are left to next(), which looks at sockets, timers and others.
  if ((tick_ + 1) % clock_every == 0 || has_work())
    return false;
  ++tick_;
  lingered_in_vain_ = false;
  for (std::uint32_t i = 1; i <= spin_rounds_; ++i) {
    if (p.door.filled()) {
      spin_rounds_ = std::min(spin_rounds_ * 2, most_spin_rounds);
      return true;
    }
    if (!incoming.empty() || (i % 16 == 0 && somebody_shares()))
      return false;
    relax_processor();
  }
  lingered_in_vain_ = true;
  return false;
}

bool worker::spin() noexcept {
  for (std::uint32_t i = 0; i < spin_rounds_; ++i) {
    if (!incoming.empty())
      return true;
    if (i % 16 == 0 && steal_some())
      return true;
    relax_processor();
  }
  return false;
}

/// Under load a sleep is short, and costs more than what it is interrupted for: two switches, cold caches,
/// and for whoever sends the work a wake-up for every piece of it. So the other threads on this processor,
/// who may be about to send some, go first, even before we look what is there already: what they have sent is
/// then taken together; and connections that came just now may be over by then, and need not be watched.
/// Returns how long they had the processor.
std::uint64_t worker::give_way() noexcept {
  const bool may_pay = last_sleep_ns_ < short_sleep_ns || poll.has_new();
  if (!may_pay || (nobody_there_ && ++alone_ % ask_alone_every != 0))
    return 0;
  const std::uint64_t before = monotonic_ns();
  if (before < give_way_from_ns_)
    return 0;
  std::this_thread::yield();
  const std::uint64_t away = monotonic_ns() - before;
  nobody_there_ = away < short_way_ns;
  slept_ns.add(away);
  return away;
}

void worker::idle() {
  share_work(false);
  idles.add();
  const bool looked = std::exchange(lingered_in_vain_, false);
  if (steal_some())
    return;
  if (spin_rounds_ != 0) {
    if (!looked && spin()) {
      spin_rounds_ = std::min(spin_rounds_ * 2, most_spin_rounds);
      return;
    }
    // who looks for longer and longer, always a little less than it would take, gives it up for a while
    spin_rounds_ = spin_rounds_ == most_spin_rounds ? 0 : spin_rounds_ / 2;
  }
  const std::uint64_t away = give_way();
  poll.look_at_new(*this);
  if (has_work())
    return;
  const bool nothing_came = incoming.may_sleep();
  if (nothing_came && !on_stop_requested(sched)) {
    int timeout = -1;
    const std::uint64_t before = monotonic_ns();
    if (const auto due = wheel.next_due(); due.has_value()) {
      const std::uint64_t now = sched.ms_at(before);
      timeout = *due <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(*due - now, 3'600'000));
    }
    const std::size_t came = poll_now(timeout);
    const std::uint64_t slept = poll.woke_ns - before;
    slept_ns.add(slept);
    last_sleep_ns_ = slept;
    idle_ns_ = polled_ns.load(std::memory_order_relaxed);
    poll_cost_ns_ = 0;
    if (away >= long_way_ns && (slept >= short_way_ns || away >= came * fair_way_ns))
      give_way_from_ns_ = before + away * no_way_for;
    // A short sleep that a post ended: next time it is cheaper to look for a moment first. It grows by more
    // than looking in vain takes off, else two who wake each other sleep in turns and never look for so long.
    if (slept < 50'000 && !incoming.owner.seems_asleep())
      spin_rounds_ = std::min(std::max(spin_rounds_ * 4, first_spin_rounds), most_spin_rounds);
  }
  incoming.owner.wake_up();
  sched.wake_watchdog();
}

} // namespace perron::runtime::core
