// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/node.hpp>

#include <perron/runtime/caf/system.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/crash.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>

#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>

namespace perron::runtime {
namespace {

std::atomic<core::scheduler*> newest_scheduler{nullptr};

/// Ends the process at fault instead of the program, where that is possible.
std::terminate_handler previous_terminate = nullptr;

[[noreturn]] void on_terminate() {
  core::end_by_terminate();
  if (previous_terminate != nullptr)
    previous_terminate();
  std::abort();
}

void contain_terminate() {
  static const bool installed = [] {
    previous_terminate = std::set_terminate(&on_terminate);
    return true;
  }();
  static_cast<void>(installed);
}

/// sendfile to a socket whose peer is gone raises it, and cannot be told not to. A handler of the program's
/// own is left alone.
void ignore_broken_pipes() noexcept {
  struct sigaction now {};
  if (::sigaction(SIGPIPE, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
      now.sa_handler == SIG_DFL)
    ::signal(SIGPIPE, SIG_IGN);
}

} // namespace

/// Waits, as a thread, for the end of one process.
class node::waiter final : public core::end_observer {
public:
  void process_ended(core::process&, const exit_reason& why) noexcept override {
    const std::lock_guard hold(lock_);
    why_ = why;
    ended_ = true;
    bell_.notify_all();
  }
  exit_reason wait() {
    std::unique_lock hold(lock_);
    bell_.wait(hold, [&] { return ended_; });
    return why_;
  }

private:
  std::mutex lock_;
  std::condition_variable bell_;
  bool ended_ = false;
  exit_reason why_;
};

struct node::parts {
  explicit parts(const node_options& o)
      : options(o), caf(), scheduler({.workers = o.workers,
                                      .stack_bytes = o.stack_bytes,
                                      .most_carriers = o.most_threads,
                                      .watchdog_ms = o.watchdog_ms,
                                      .blocking_threads = o.blocking_threads},
                                     caf.shell()) {}

  const node_options options;
  std::vector<std::shared_ptr<waiter>> waiters;
  std::mutex waiters_lock;
  caf::system caf;
  core::scheduler scheduler;
  core::crash_watch crashes;
  bool stopped = false;
};

node::node(const node_options& options) : parts_(std::make_unique<parts>(options)) {
  ignore_broken_pipes();
  if (options.contain_terminate)
    contain_terminate();
  parts_->crashes.attach(parts_->scheduler);
  parts_->caf.attach(parts_->scheduler);
  parts_->scheduler.start();
  newest_scheduler.store(&parts_->scheduler, std::memory_order_release);
}

node::~node() { stop(); }

core::scheduler& node::scheduler() const noexcept { return parts_->scheduler; }

core::scheduler* node::scheduler_of_thread() noexcept {
  if (const core::carrier* c = core::this_carrier(); c != nullptr)
    return &c->sched;
  return newest_scheduler.load(std::memory_order_acquire);
}

std::shared_ptr<node::waiter> node::watch(core::spawn_plan& plan) {
  auto w = std::make_shared<waiter>();
  plan.observer = w.get();
  const std::lock_guard hold(parts_->waiters_lock);
  // kept until the node ends: the observer may still be inside its last call when wait() returns
  parts_->waiters.push_back(w);
  return w;
}

exit_reason node::wait(waiter& w) { return w.wait(); }

leftovers node::stop(std::chrono::milliseconds grace) {
  parts& p = *parts_;
  if (p.stopped)
    return {};
  p.stopped = true;
  core::scheduler& s = p.scheduler;
  const auto all = [&](const exit_reason& why) {
    s.table.for_each_slot([&](core::process& who) {
      if (!who.door.is_closed() && who.id.load(std::memory_order_relaxed) != 0)
        exit(who.self(), why);
    });
  };
  const auto settle = [&](std::chrono::milliseconds limit) {
    const std::uint64_t until = s.now_ms() + static_cast<std::uint64_t>(limit.count());
    while (s.alive() != 0 && s.now_ms() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return s.alive() == 0;
  };
  if (s.alive() != 0) {
    all(exit_reason::shutdown());
    if (!settle(grace)) {
      // again and again: processes may still spawn others
      for (int round = 0; round < 20 && s.alive() != 0; ++round) {
        all(exit_reason::kill());
        settle(std::chrono::milliseconds(100));
      }
    }
  }
  leftovers left;
  left.processes = s.alive();
  if (left.processes != 0)
    core::crash_watch::leave_unstoppable(s);
  core::scheduler* mine = &s;
  newest_scheduler.compare_exchange_strong(mine, nullptr, std::memory_order_acq_rel);
  p.caf.detach();
  s.stop();
  p.caf.end();
  for (const auto& w : s.workers)
    left.timers += w->wheel.size();
  left.sockets = s.sockets_open.load(std::memory_order_relaxed);
  left.stacks = s.stacks.in_use();
  p.crashes.flush();
  return left;
}

namespace {

node_stats stats_of(const core::scheduler& s) {
  node_stats out;
  std::uint64_t armed = s.timers_armed_elsewhere.load(std::memory_order_relaxed);
  std::uint64_t gone = 0;
  const std::uint64_t now_ns = s.now_ms() * 1'000'000U;
  out.spawned = s.spawned_elsewhere.load(std::memory_order_relaxed);
  out.ended = s.ended_elsewhere.load(std::memory_order_relaxed);
  for (const auto& w : s.workers) {
    out.spawned += w->spawned.get();
    out.ended += w->ended.get();
    out.messages += w->messages.get();
    out.turns += w->turns.get();
    out.stolen += w->stolen.get();
    out.taken_over += w->taken_over.get();
    armed += w->timers_armed.get();
    gone += w->timers_gone.get();
    const std::uint64_t slept = w->slept_ns.get();
    out.workers.push_back(
        {w->queue_length(),
         now_ns > slept ? static_cast<double>(now_ns - slept) / static_cast<double>(now_ns) : 0.0});
  }
  out.processes = s.alive();
  out.timers = armed > gone ? armed - gone : 0;
  out.crashed = s.crashes.load(std::memory_order_relaxed);
  out.crash_reports_dropped = s.crash_reports_dropped.load(std::memory_order_relaxed);
  out.sockets = s.sockets_open.load(std::memory_order_relaxed);
  out.abandoned_stacks = s.abandoned_stacks.load(std::memory_order_relaxed);
  out.process_memory = s.table.mapped_bytes();
  out.stacks_in_use = s.stacks.in_use();
  return out;
}

} // namespace

crash_reporter& node::crash_reports() noexcept { return parts_->crashes.reporter(); }

node_stats node::stats() const { return stats_of(parts_->scheduler); }

node_stats current_node_stats() { return stats_of(detail::current_scheduler()); }

} // namespace perron::runtime
