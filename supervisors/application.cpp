// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/application.hpp>

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/starting.hpp>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace perron::supervisors {
namespace {

using runtime::exit_reason;
using runtime::exited;
using runtime::pid;

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {
    if (fd < 0)
      throw std::system_error(errno, std::system_category(), "perron: application");
  }
  ~descriptor() { ::close(fd_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

/// SIGTERM and SIGINT as something to poll for, instead of what they do to threads, for as long as it lives.
class stop_signals {
public:
  stop_signals() : fd_(start(before_)) {}
  ~stop_signals() {
    // those that came too late must not end the program now
    while (next() != 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  int fd() const noexcept { return fd_.get(); }
  /// The number of a signal that has come, 0 if none has.
  int next() noexcept {
    signalfd_siginfo info;
    return ::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)
               ? static_cast<int>(info.ssi_signo)
               : 0;
  }

private:
  static int start(sigset_t& before) {
    sigset_t mine;
    ::sigemptyset(&mine);
    ::sigaddset(&mine, SIGTERM);
    ::sigaddset(&mine, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &mine, &before);
    return ::signalfd(-1, &mine, SFD_NONBLOCK | SFD_CLOEXEC);
  }

  sigset_t before_;
  descriptor fd_;
};

/// What wakes the main thread besides signals: the tree has ended, or somebody wants it to.
class bell {
public:
  bell() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  int fd() const noexcept { return fd_.get(); }
  void ring() const noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(fd_.get(), &one, sizeof one));
  }
  void hush() const noexcept {
    std::uint64_t count = 0;
    static_cast<void>(!::read(fd_.get(), &count, sizeof count));
  }

private:
  descriptor fd_;
};

/// How the tree ended.
struct outcome {
  bool in_order = false;
  std::string why;
};

/// Between the main thread and the process above the root supervisor.
struct shared_state {
  bell changed;
  std::atomic<bool> stop_wanted{false};
  std::mutex lock;
  std::optional<outcome> ended; ///< guarded by lock
  std::string gave_up;          ///< guarded by lock; why the root did, empty if it did not

  void end(outcome how) noexcept {
    {
      const std::lock_guard hold(lock);
      ended = std::move(how);
    }
    changed.ring();
  }
};

std::mutex running_lock;
std::weak_ptr<shared_state> running; ///< guarded by running_lock

/// Starts the root, passes on the order to stop, and says how it ended. A process of its own, so that a stop
/// can be ordered while the children still start.
class root_keeper {
public:
  root_keeper(application_options options, std::vector<child_spec> children, std::shared_ptr<shared_state> s)
      : options_(std::move(options)), children_(std::move(children)), shared_(std::move(s)) {}
  ~root_keeper() { shared_->end(std::move(end_)); }
  root_keeper(const root_keeper&) = delete;
  root_keeper& operator=(const root_keeper&) = delete;

  void run() { end_ = keep(); }

private:
  outcome keep() {
    supervisor_options root = options_.root;
    root.reports = [to = shared_, sink = std::move(root.reports)](const report& what) {
      if (what.what == report::context::shutdown) {
        const std::lock_guard hold(to->lock);
        to->gave_up = what.reason.to_string() + " (child '" + what.offender.id + "')";
      }
      sink ? sink(what) : log_report(what);
    };
    const runtime::result<runtime::monitored> begun =
        core::begin_supervisor(std::move(root), std::move(children_));
    if (!begun)
      return {false, begun.error().text};
    root_ = begun->who;
    ref_ = begun->ref;
    while (!ended_)
      wait();
    return judge();
  }

  void wait() {
    runtime::receive([&](const core::start_acknowledged&) { is_up(); },
                     [&](const exited& e) {
                       // from outside of the node: the order to stop
                       if (!e.from)
                         stop_root();
                     },
                     [&](const runtime::down& d) {
                       if (d.ref == ref_)
                         ended_ = d.reason;
                     },
                     [](runtime::any_message) {});
  }

  void is_up() {
    up_ = true;
    core::log_info(options_.name + ": started");
  }

  void stop_root() {
    if (std::exchange(stopping_, true))
      return;
    core::log_info(options_.name + ": stops");
    runtime::exit(root_, exit_reason::shutdown());
  }

  outcome judge() {
    const std::lock_guard hold(shared_->lock);
    if (!shared_->gave_up.empty())
      return {false, "the root supervisor gave up: " + shared_->gave_up};
    if (!up_)
      return {false, "did not start: " + ended_->to_string()};
    return {ended_->orderly(), ended_->to_string()};
  }

  application_options options_;
  std::vector<child_spec> children_;
  const std::shared_ptr<shared_state> shared_;
  pid root_;
  runtime::monitor_ref ref_;
  std::optional<exit_reason> ended_;
  outcome end_{false, "the process above the root supervisor was killed"};
  bool up_ = false;
  bool stopping_ = false;
};

/// The main thread's part: waits, and minds signals while it does.
class main_thread {
public:
  main_thread(stop_signals& signals, shared_state& shared, std::chrono::milliseconds stop_within)
      : signals_(signals), shared_(shared), stop_within_(stop_within),
        timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}

  /// Until the tree has ended; `order_stop` is called when it shall. Nothing if it took too long for that.
  template <class F>
  std::optional<outcome> wait_for_end(F order_stop) {
    for (;;) {
      const woken by = wait();
      {
        const std::lock_guard hold(shared_.lock);
        if (shared_.ended)
          return std::move(shared_.ended);
      }
      if (stopping_ && by.timer)
        return std::nullopt;
      if (!stopping_ && (by.signal || shared_.stop_wanted.load(std::memory_order_acquire))) {
        stopping_ = true;
        set_timer();
        order_stop();
      }
    }
  }

  /// Until the node has stopped.
  runtime::leftovers stop(runtime::node& n, std::chrono::milliseconds grace) {
    stopping_ = true;
    std::atomic<bool> done{false};
    runtime::leftovers left;
    std::thread stopper([&] {
      left = n.stop(grace);
      done.store(true, std::memory_order_release);
      shared_.changed.ring();
    });
    while (!done.load(std::memory_order_acquire))
      wait();
    stopper.join();
    return left;
  }

private:
  struct woken {
    bool signal = false;
    bool timer = false;
  };

  woken wait() {
    std::array<pollfd, 3> fds{
        {{signals_.fd(), POLLIN, 0}, {shared_.changed.fd(), POLLIN, 0}, {timer_.get(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), -1);
    woken by;
    while (const int number = signals_.next()) {
      if (stopping_ || by.signal)
        end_at_once(number);
      by.signal = true;
    }
    shared_.changed.hush();
    std::uint64_t times = 0;
    by.timer = ::read(timer_.get(), &times, sizeof times) > 0;
    return by;
  }

  void set_timer() const {
    itimerspec when{};
    when.it_value.tv_sec = stop_within_.count() / 1000;
    when.it_value.tv_nsec = stop_within_.count() % 1000 * 1'000'000 + 1; // not zero, which would mean never
    ::timerfd_settime(timer_.get(), 0, &when, nullptr);
  }

  /// No destructor, no log: whatever hangs may hold their locks.
  [[noreturn]] static void end_at_once(int number) {
    constexpr std::string_view text = "perron: told to stop again: ends at once\n";
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
    ::_exit(128 + number);
  }

  stop_signals& signals_;
  shared_state& shared_;
  const std::chrono::milliseconds stop_within_;
  const descriptor timer_;
  bool stopping_ = false;
};

int run(application_options options, std::vector<child_spec> children) {
  const std::string name = options.name;
  stop_signals signals; // before the node, whose threads inherit the mask
  const auto shared = std::make_shared<shared_state>();
  main_thread me(signals, *shared, options.stop_within);
  runtime::node node(options.node);
  {
    const std::lock_guard hold(running_lock);
    running = shared;
  }
  const pid keeper = node.spawn(
      {.name = {}, .trap_exit = true},
      [k = std::make_unique<root_keeper>(std::move(options), std::move(children), shared)] { k->run(); });
  const std::optional<outcome> how = me.wait_for_end([&] { runtime::exit(keeper, exit_reason::shutdown()); });
  const runtime::leftovers left = me.stop(node, std::chrono::milliseconds(how ? 1000 : 0));
  if (!how)
    core::log_error(name + ": did not stop in time; what was left has been killed");
  else if (!how->in_order)
    core::log_error(name + ": " + core::printable(how->why));
  else
    core::log_info(name + ": stopped");
  if (left.processes != 0)
    core::log_error(name + ": " + std::to_string(left.processes) + " processes could not be ended");
  return how && how->in_order ? 0 : 1;
}

} // namespace

int run_application(application_options options, std::vector<child_spec> children) {
  try {
    return run(std::move(options), std::move(children));
  } catch (const std::system_error& e) {
    core::log_error(e.what());
    return 1;
  }
}

void stop_application() {
  const std::lock_guard hold(running_lock);
  if (const std::shared_ptr<shared_state> current = running.lock()) {
    current->stop_wanted.store(true, std::memory_order_release);
    current->changed.ring();
  }
}

} // namespace perron::supervisors
