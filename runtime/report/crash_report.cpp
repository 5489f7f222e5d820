// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/crash_report.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/report/log.hpp>
#include <perron/runtime/report/rate_limit.hpp>
#include <perron/runtime/report/symbolise.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <pthread.h>
#include <sched.h>
#include <spdlog/spdlog.h>

namespace perron::runtime {
namespace {

/// 9900 as "9,900".
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string dropped_text(std::uint64_t dropped) {
  return grouped(dropped) +
         (dropped == 1 ? " further crash report dropped" : " further crash reports dropped");
}

/// Starts a thread on which no signal of the program is handled; faults of its own still are.
template <class F>
std::thread start_without_signals(F body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
    ::sigdelset(&all, fault);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct restore {
    sigset_t& before;
    ~restore() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  } const restore{before};
  return std::thread(std::move(body));
}

} // namespace

std::string to_text(const crash_report& report, symboliser& symbols) {
  std::string text = "process <" + std::to_string(report.pid_id) + ">";
  if (!report.name.empty())
    text += " '" + printable(report.name) + "'";
  text += " crashed: " + printable(report.reason);
  // An exception's exit reason says it all already.
  if (!report.exception_type.empty() && report.reason != report.exception_type + ": " + report.exception_text)
    text += "\n  exception  " + printable(report.exception_type) + ": " + printable(report.exception_text);
  if (!report.ancestors.empty()) {
    text += "\n  ancestors  ";
    for (std::size_t i = 0; i < report.ancestors.size(); ++i)
      text += (i == 0 ? "" : ", ") + printable(report.ancestors[i]);
  }
  text += "\n  mailbox " + std::to_string(report.mailbox_length) + ", links " + std::to_string(report.links) +
          ", monitors " + std::to_string(report.monitors) + ", reductions " + grouped(report.reductions);
  const int depth = std::clamp(report.stack_depth, 0, static_cast<int>(report.stack.size()));
  if (depth > 0)
    text += "\n  thrown at";
  for (int i = 0; i < depth; ++i) {
    for (const source_frame& frame : symbols.lookup(report.stack[static_cast<std::size_t>(i)]))
      text += "\n    " + printable(to_string(frame));
  }
  if (report.dropped_before > 0)
    text += "\n  before this one, " + dropped_text(report.dropped_before);
  return text;
}

class crash_reporter::impl {
public:
  explicit impl(const crash_reporter_options& options)
      : now_ns_(options.now_ns != nullptr ? options.now_ns : &core::monotonic_ns),
        limit_(options.per_second, options.burst), most_waiting_(options.queue),
        until_dropped_told_(options.tell_dropped_after_ms) {}

  ~impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
      thread_.join();
  }

  bool admit() noexcept {
    const auto refused = limit_.admit(now_ns_());
    if (!refused)
      return false;
    if (*refused > 0)
      untold_.fetch_add(*refused, std::memory_order_relaxed);
    return true;
  }

  void submit(crash_report&& report) noexcept {
    report.dropped_before = untold_.exchange(0, std::memory_order_relaxed);
    try {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < most_waiting_) {
        if (!thread_.joinable())
          thread_ = start_without_signals([this] { run(); });
        waiting_.push_back(std::move(report));
        if (!looks_by_itself_)
          wake_.notify_one();
        return;
      }
    } catch (...) {
      // No thread or no memory to be had: as good as a full queue.
    }
    limit_.count_refused(report.dropped_before + 1);
  }

  void flush() {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable())
      return;
    const std::uint64_t mine = ++flushes_wanted_;
    wake_.notify_one();
    flushed_.wait(lock, [&] { return flushes_done_ >= mine; });
  }

  void set_sink(sink where) {
    const std::lock_guard lock(sink_mutex_);
    sink_ = std::move(where);
  }

private:
  /// How long the thread stays attentive after it wrote something.
  enum class watch { for_dropped, for_release, none };

  static constexpr std::chrono::seconds until_released{30};
  /// Waking a thread costs several microseconds, which where crashes follow each other would be most of what
  /// each of them costs. So after a report it looks by itself for a while, and need not be woken.
  static constexpr std::chrono::milliseconds between_looks{20};

  void run() {
    ::pthread_setname_np(::pthread_self(), "perron-reports");
    // whoever wakes it has work of its own to go on with: it runs when a processor is free, and is not put
    // before the waker, as the kernel does with threads that have slept
    const sched_param no_priority{};
    ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &no_priority);
    watch watching = watch::none;
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!waiting_.empty()) {
        const crash_report report = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        write(report);
        lock.lock();
        watching = watch::for_dropped;
        continue;
      }
      if (stopping_ || flushes_wanted_ != flushes_done_) {
        const std::uint64_t wanted = flushes_wanted_;
        lock.unlock();
        tell_dropped();
        lock.lock();
        flushes_done_ = wanted;
        flushed_.notify_all();
        if (stopping_ && waiting_.empty())
          return;
        continue;
      }
      watching = rest(lock, watching);
    }
  }

  /// Sleeps until there is something to do or the time of `watching` is over; what to watch for next.
  watch rest(std::unique_lock<std::mutex>& lock, watch watching) {
    const auto called = [this] { return stopping_ || !waiting_.empty() || flushes_wanted_ != flushes_done_; };
    switch (watching) {
    case watch::for_dropped: {
      // A report is refused less than the time of one token after an admitted one, so a look after the last
      // admitted one finds them all.
      looks_by_itself_ = true;
      bool is_called = called();
      for (auto left = until_dropped_told_; !is_called && left.count() > 0; left -= between_looks)
        is_called = wake_.wait_for(lock, std::min(between_looks, left), called);
      looks_by_itself_ = false;
      if (is_called)
        return watching;
      lock.unlock();
      const bool told = tell_dropped();
      lock.lock();
      return told ? watch::for_dropped : watch::for_release;
    }
    case watch::for_release:
      if (!wake_.wait_for(lock, until_released, called)) {
        symbols_.reset();
        return watch::none;
      }
      return watching;
    case watch::none:
      wake_.wait(lock, called);
      return watching;
    }
    return watching;
  }

  bool tell_dropped() noexcept {
    crash_report nobody;
    nobody.dropped_before = untold_.exchange(0, std::memory_order_relaxed) + limit_.take_refused();
    if (nobody.dropped_before == 0)
      return false;
    try {
      write(nobody, dropped_text(nobody.dropped_before));
    } catch (...) {
      // No memory for one line: its number is lost, the reporter is not.
    }
    return true;
  }

  void write(const crash_report& report) noexcept {
    try {
      if (!symbols_)
        symbols_.emplace();
      write(report, to_text(report, *symbols_));
    } catch (...) {
      limit_.count_refused(report.dropped_before + 1);
    }
  }

  void write(const crash_report& report, const std::string& text) {
    {
      const std::lock_guard lock(sink_mutex_);
      if (sink_) {
        sink_(report, text);
        return;
      }
    }
    if (log_ == nullptr)
      log_ = perron_log();
    if (log_ != nullptr)
      log_->error("{}", text);
  }

  std::uint64_t (*const now_ns_)() noexcept;
  rate_limit limit_;
  std::atomic<std::uint64_t> untold_{0}; ///< refused before an admitted report that is not submitted yet
  const std::size_t most_waiting_;
  const std::chrono::milliseconds until_dropped_told_;

  std::mutex mutex_; ///< guards what follows
  std::condition_variable wake_;
  std::condition_variable flushed_;
  std::deque<crash_report> waiting_;
  bool looks_by_itself_ = false; ///< it will see what waits within between_looks
  std::uint64_t flushes_wanted_ = 0;
  std::uint64_t flushes_done_ = 0;
  bool stopping_ = false;
  std::thread thread_;

  std::mutex sink_mutex_;
  sink sink_; ///< guarded by sink_mutex_, which is held while it runs

  std::shared_ptr<spdlog::logger> log_; ///< the thread's own, as is symbols_
  std::optional<symboliser> symbols_;
};

crash_reporter::crash_reporter(crash_reporter_options options) : impl_(std::make_unique<impl>(options)) {}

crash_reporter::~crash_reporter() = default;

bool crash_reporter::admit() noexcept { return impl_->admit(); }

void crash_reporter::submit(crash_report&& report) noexcept { impl_->submit(std::move(report)); }

void crash_reporter::flush() { impl_->flush(); }

void crash_reporter::set_sink(sink where) { impl_->set_sink(std::move(where)); }

} // namespace perron::runtime
