// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/scheduler.hpp>

#include <perron/runtime/core/blocking_pool.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/group_table.hpp>
#include <perron/runtime/core/instrumented.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/name_table.hpp>
#include <perron/runtime/core/stack_trimmer.hpp>
#include <perron/runtime/core/thread_activity.hpp>
#include <perron/runtime/core/turn_watch.hpp>
#include <perron/runtime/report/stack_overflow.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>

namespace perron::runtime::core {
namespace {

/// For how many of the watchdog's looks a thread is excused that only waits for a processor: a spare one may
/// be luckier, on another.
constexpr unsigned most_looks_waiting = 32;

unsigned usable_processors() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  return std::max(1U, std::thread::hardware_concurrency());
}

scheduler_options filled_in(scheduler_options o) noexcept {
  if (o.workers == 0)
    o.workers = usable_processors();
  o.workers = std::min(o.workers, 127U);
  o.most_carriers = std::max(o.most_carriers, o.workers);
#if defined(PERRON_ASAN) || defined(PERRON_TSAN)
  // what a sanitizer has to say it says on the stack of who made it speak
  o.stack_bytes = std::max(o.stack_bytes, std::size_t(256) * 1024);
#endif
  return o;
}

} // namespace

scheduler::scheduler(const scheduler_options& o, const shell_operations& s)
    : options(filled_in(o)), shell(s), table(s), stacks(o.stack_bytes), names(std::make_unique<name_table>()),
      groups(std::make_unique<group_table>()),
      blocking(std::make_unique<blocking_pool>(options.blocking_threads)), started_ns_(monotonic_ns()) {
  for (unsigned i = 0; i < options.workers; ++i)
    workers.push_back(std::make_unique<worker>(*this, i));
}

scheduler::~scheduler() { stop(); }

std::uint64_t scheduler::now_ms() const noexcept { return ms_at(monotonic_ns()); }

std::uint64_t scheduler::due_in(std::uint64_t ns) const noexcept {
  const std::uint64_t now = monotonic_ns() - started_ns_;
  constexpr std::uint64_t never = std::uint64_t(1) << 62;
  if (ns >= never)
    return never / 1'000'000U;
  return (now + ns + 999'999U) / 1'000'000U;
}

std::uint64_t scheduler::take_ids() noexcept {
  return next_ids_.fetch_add(ids_per_block, std::memory_order_relaxed);
}

stack_pool& scheduler::large_stacks(std::size_t bytes) {
  const std::size_t rounded = std::bit_ceil(bytes);
  const std::lock_guard hold(large_stacks_lock_);
  auto& pool = large_stacks_[rounded];
  if (!pool)
    pool = std::make_unique<stack_pool>(rounded);
  return *pool;
}

std::uint64_t scheduler::alive() const noexcept {
  std::uint64_t ended = ended_elsewhere.load(std::memory_order_acquire);
  for (const auto& w : workers)
    ended += w->ended.get();
  std::uint64_t spawned = spawned_elsewhere.load(std::memory_order_relaxed);
  for (const auto& w : workers)
    spawned += w->spawned.get();
  return spawned > ended ? spawned - ended : 0;
}

std::uint64_t fresh_number(scheduler& s) noexcept {
  const inside engine;
  worker* w = engine.own();
  return w != nullptr && &w->sched == &s ? w->new_id() : s.take_ids();
}

void scheduler::schedule(runnable& job) noexcept {
  const inside engine;
  if (worker* w = engine.own(); w != nullptr && &w->sched == this) {
    w->push(job);
    return;
  }
  workers[next_worker_.fetch_add(1, std::memory_order_relaxed) % workers.size()]->post(job);
}

void scheduler::schedule(process& p) noexcept {
  p.state.store(process_state::ready, std::memory_order_relaxed);
  const std::int8_t pinned = p.pinned.load(std::memory_order_relaxed);
  if (pinned < 0) {
    schedule(static_cast<runnable&>(p));
    return;
  }
  const inside engine;
  worker& at = *workers[static_cast<std::uint8_t>(pinned)];
  if (engine.own() == &at)
    at.push_pinned(p);
  else
    at.post(p, p.door.newest()); // it begins with what has woken it
}

void scheduler::schedule_next(process& p) noexcept {
  const inside engine;
  worker* w = engine.own();
  if (w == nullptr || &w->sched != this || p.pinned.load(std::memory_order_relaxed) >= 0) {
    schedule(p);
    return;
  }
  p.state.store(process_state::ready, std::memory_order_relaxed);
  w->push_next(p);
}

void scheduler::wake_one(worker& from) noexcept {
  for (std::size_t i = 1; i < workers.size(); ++i) {
    worker& w = *workers[(from.index + i) % workers.size()];
    if (w.incoming.owner.seems_asleep() && w.incoming.owner.claim()) {
      w.poll.wake();
      return;
    }
  }
}

// -- carriers

carrier& scheduler::new_carrier() {
  carriers_.push_back(std::make_unique<carrier>(*this));
  return *carriers_.back();
}

void scheduler::start() {
  const std::lock_guard hold(carriers_lock_);
  for (auto& w : workers) {
    carrier& c = new_carrier();
    c.own = w.get();
    w->carried_by.store(&c, std::memory_order_relaxed);
  }
  for (auto& c : carriers_)
    c->thread = std::thread([this, at = c.get()] { carrier_main(*at); });
  if (options.watchdog_ms != 0 && process_wide_barrier::available())
    watchdog_ = std::thread([this] { watchdog_main(); });
}

void scheduler::carrier_main(carrier& c) {
  set_this_carrier(&c);
  c.number.store(::gettid(), std::memory_order_relaxed);
  const use_alternate_stack alternate;
  c.throws.unrecorded[0] = &typeid(process_exit);
  c.throws.unrecorded[1] = &typeid(hibernation);
  set_throw_record(&c.throws);
  while (!on_stop_requested(*this)) {
    worker* w = c.own;
    if (w == nullptr) {
      {
        const std::lock_guard hold(carriers_lock_);
        spares_.push_back(&c);
      }
      c.assigned.acquire();
      continue;
    }
    if (runnable* job = w->next(); job != nullptr) {
      c.turns.store(c.turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      w->turns.add();
      job->run(*job, c);
    } else {
      w->idle();
    }
  }
  set_throw_record(nullptr);
  set_this_carrier(nullptr);
}

void scheduler::stop() {
  if (stopping.exchange(true, std::memory_order_seq_cst))
    return;
  if (watchdog_.joinable()) {
    { const std::lock_guard hold(watchdog_lock_); }
    watchdog_bell_.notify_all();
    watchdog_.join();
  }
  for (auto& w : workers)
    w->poll.wake();
  std::vector<carrier*> all;
  {
    const std::lock_guard hold(carriers_lock_);
    for (auto& c : carriers_)
      all.push_back(c.get());
  }
  for (carrier* c : all)
    c->assigned.release();
  for (carrier* c : all)
    if (c->thread.joinable())
      c->thread.join();
  blocking->stop();
  // what is left are errands: cancelled timers, retired sockets; they run here, on no carrier
  carrier janitor(*this);
  set_this_carrier(&janitor);
  for (auto& w : workers) {
    janitor.own = w.get();
    while (runnable* job = w->next())
      job->run(*job, janitor);
    w->poll.look_at_new(*w);
    w->poll.wait(0, *w);
    free_message_timers(*w);
    w->stacks.clear(stacks);
  }
  set_this_carrier(nullptr);
}

// -- the watchdog

bool scheduler::all_asleep() const noexcept {
  return std::all_of(workers.begin(), workers.end(),
                     [](const auto& w) { return w->incoming.owner.is_asleep(); });
}

bool scheduler::any_asleep() const noexcept {
  return std::any_of(workers.begin(), workers.end(),
                     [](const auto& w) { return w->incoming.owner.seems_asleep(); });
}

turn_seen scheduler::look_at(const worker& w, const carrier& c) noexcept {
  const std::uint64_t number = c.turns.load(std::memory_order_relaxed);
  return {.by = &c,
          .number = number,
          .is_outside = !c.gate.is_inside(),
          .polled_ns = w.polled_ns.load(std::memory_order_relaxed),
          .is_first = number - w.polled_at_turn.load(std::memory_order_relaxed) <= 1};
}

void scheduler::wake_watchdog() noexcept {
  if (watchdog_sleep_.claim()) {
    { const std::lock_guard hold(watchdog_lock_); }
    watchdog_bell_.notify_one();
  }
}

/// Whether a thread has not given way because others have its processor, having had `had_ns` of one when it
/// was first found so. A spare thread would mostly have to wait as well, and be one more that wants it.
bool scheduler::only_waits_for_processor(carrier& c, std::uint64_t had_ns) const noexcept {
  // half of what fits between two looks at who may be stuck: who computes all the time is interrupted now
  // and then
  const std::uint64_t enough_ns = std::uint64_t(options.watchdog_ms) * 500'000U;
  const std::uint64_t has_ns = thread_ns(c.thread.native_handle());
  return has_ns != 0 && has_ns - had_ns < enough_ns && is_runnable(c.number.load(std::memory_order_relaxed));
}

void scheduler::watchdog_main() {
  struct watched {
    turn_watch turn;
    std::uint64_t had_ns = 0; ///< of processor time, the thread that gives this turn when it was first seen
    std::uint64_t had_idles = 0;
  };
  const std::uint64_t patience_ns = std::uint64_t(options.watchdog_ms) * 1'000'000U;
  std::vector<watched> all(workers.size(), watched{turn_watch(patience_ns)});
  std::uint64_t next_look_ns = 0;
  unsigned quiet = 0;
  bool trimming = false;
  stack_trimmer trimmer(*this);
  std::unique_lock hold(watchdog_lock_);
  while (!on_stop_requested(*this)) {
    if (quiet >= 2) {
      quiet = 0;
      watchdog_sleep_.fall_asleep();
      const auto called = [&] { return !watchdog_sleep_.seems_asleep() || on_stop_requested(*this); };
      if (all_asleep()) {
        if (trimming)
          watchdog_bell_.wait_for(hold, std::chrono::seconds(1), called);
        else
          watchdog_bell_.wait(hold, called);
      }
      watchdog_sleep_.wake_up();
    } else if (const std::uint64_t now = monotonic_ns(); now < next_look_ns) {
      watchdog_bell_.wait_for(hold, std::chrono::nanoseconds(next_look_ns - now));
    }
    if (on_stop_requested(*this))
      break;
    hold.unlock();
    bool busy = false;
    bool some_wait = false;
    const std::uint64_t now = monotonic_ns();
    next_look_ns = ~std::uint64_t(0);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      worker& w = *workers[i];
      carrier& c = *w.carried_by.load(std::memory_order_acquire);
      auto& [turn, had_ns, had_idles] = all[i];
      turn.look(look_at(w, c), now);
      next_look_ns = std::min(next_look_ns, turn.next_look_ns());
      busy |= turn.has_moved() || !w.incoming.owner.seems_asleep();
      const std::uint64_t idles = w.idles.get();
      if (w.queue_length() != 0) {
        some_wait = true;
        if (turn.is_late() || idles == had_idles) {
          w.share_work(true);
          wake_one(w);
        }
      }
      had_idles = idles;
      if (turn.is_new())
        had_ns = thread_ns(c.thread.native_handle());
      else if (turn.is_stuck() &&
               (turn.looks() >= most_looks_waiting || !only_waits_for_processor(c, had_ns)))
        take_over(w);
    }
    if (some_wait && any_asleep()) // who has work for others may be in a long turn, or have many of them
      next_look_ns = std::min(next_look_ns, now + patience_ns);
    trimming = trimmer.work(now_ms());
    quiet = busy ? 0 : quiet + 1;
    hold.lock();
  }
}

carrier* scheduler::spare_carrier() {
  const std::lock_guard hold(carriers_lock_);
  if (!spares_.empty()) {
    carrier* c = spares_.back();
    spares_.pop_back();
    return c;
  }
  if (carriers_.size() >= options.most_carriers)
    return nullptr;
  carrier& c = new_carrier();
  c.thread = std::thread([this, &c] {
    c.assigned.acquire();
    carrier_main(c);
  });
  return &c;
}

void scheduler::take_over(worker& w) {
  carrier* spare = spare_carrier();
  if (spare == nullptr)
    return;
  carrier& stuck = *w.carried_by.load(std::memory_order_acquire);
  {
    const std::lock_guard decide(stuck.lock);
    if (stuck.gate.try_take()) {
      stuck.own = nullptr;
      // the turns of the spare one are others: none of them is the first since the worker polled
      w.polled_at_turn.store(spare->turns.load(std::memory_order_relaxed) - 2, std::memory_order_relaxed);
      // the spare one waits for `assigned`, which tells it of what is written here
      spare->own = &w;
      spare->gate.given_back();
      // release: who finds the new carrier here finds it complete
      w.carried_by.store(spare, std::memory_order_release);
      w.taken_over.add();
      spare->assigned.release();
      return;
    }
  }
  const std::lock_guard hold(carriers_lock_);
  spares_.push_back(spare);
}

} // namespace perron::runtime::core
