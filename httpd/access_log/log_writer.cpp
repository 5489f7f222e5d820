// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/log_writer.hpp>

#include <perron/runtime/core/clock.hpp>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace perron::httpd {
namespace {

int make_bell() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

/// A thread without signals: they are for those that wait for them.
template <class F>
std::thread quiet_thread(F&& body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread made(std::forward<F>(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

log_counts& operator+=(log_counts& to, const log_counts& more) noexcept {
  to.written += more.written;
  to.dropped += more.dropped;
  return to;
}

} // namespace

log_writer::log_writer(std::size_t workers, log_writer_options options)
    : workers_(workers), options_(std::move(options)), bell_(make_bell()),
      thread_(quiet_thread([this] { run(); })) {}

log_writer::~log_writer() {
  {
    const std::lock_guard hold(lock_);
    stops_ = true;
  }
  wake();
  thread_.join();
  ::close(bell_);
}

runtime::result<std::shared_ptr<log_stream>> log_writer::open(const log_file_options& options) {
  const std::lock_guard hold(lock_);
  const auto same = std::find_if(streams_.begin(), streams_.end(),
                                 [&](const auto& s) { return s->options().path == options.path; });
  if (same != streams_.end())
    return *same;
  auto file = log_file::open(options);
  if (!file)
    return file.error();
  const std::size_t chunks = std::max(workers_ + 1, options_.max_buffered / log_stream::chunk_bytes);
  return streams_.emplace_back(std::make_shared<log_stream>(*this, std::move(*file), workers_, chunks));
}

void log_writer::flush() { static_cast<void>(give(order::flush)); }

runtime::result<void> log_writer::reopen() { return give(order::reopen); }

runtime::result<void> log_writer::give(order what) {
  std::unique_lock hold(lock_);
  const std::uint64_t mine = ++wanted_;
  if (what == order::reopen) {
    reopens_ = true;
    fault_ = {};
  }
  wake();
  answered_.wait(hold, [&] { return done_ >= mine; });
  return what == order::reopen ? fault_ : runtime::result<void>();
}

log_counts log_writer::counts() const {
  const std::lock_guard hold(lock_);
  log_counts all = closed_;
  for (const auto& s : streams_)
    all += s->counts();
  return all;
}

void log_writer::wake() const noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(bell_, &one, sizeof one)); // fails only when it rings already
}

// -- the thread

/// Waits until something is to be written; false: that is the last.
bool log_writer::wait_for_work() {
  using clock = std::chrono::steady_clock;
  clock::time_point due{};
  for (;;) {
    {
      const std::lock_guard hold(lock_);
      if (stops_)
        return false;
      if (wanted_ != done_)
        return true;
    }
    if (urgent_.load(std::memory_order_seq_cst))
      return true;
    int patience = -1;
    if (dirty_.load(std::memory_order_seq_cst)) {
      const auto now = clock::now();
      if (due == clock::time_point{})
        due = now + options_.flush_every;
      if (now >= due)
        return true;
      patience = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(due - now).count());
    }
    pollfd ring{bell_, POLLIN, 0};
    ::poll(&ring, 1, patience);
    std::uint64_t rings = 0;
    static_cast<void>(::read(bell_, &rings, sizeof rings));
  }
}

void log_writer::run() {
  for (bool more = true; more;) {
    more = wait_for_work();
    std::uint64_t wanted = 0;
    bool reopens = false;
    {
      const std::lock_guard hold(lock_);
      wanted = wanted_;
      reopens = std::exchange(reopens_, false);
    }
    // seq_cst, and before it looks: whoever comes after that sets them again
    urgent_.store(false, std::memory_order_seq_cst);
    dirty_.store(false, std::memory_order_seq_cst);
    write_all();
    const std::lock_guard hold(lock_);
    if (reopens)
      for (const auto& s : streams_)
        if (auto opened = s->file_->reopen(); !opened && fault_)
          fault_ = std::move(opened);
    done_ = wanted;
    answered_.notify_all();
  }
}

void log_writer::write_all() {
  std::vector<std::shared_ptr<log_stream>> all;
  {
    const std::lock_guard hold(lock_);
    all = streams_;
  }
  const auto now = runtime::core::wall_now();
  runtime::result<void> fault;
  for (const auto& s : all)
    if (auto done = s->write(now); !done && fault)
      fault = std::move(done);
  if (!fault && !std::exchange(failing_, true) && options_.on_error)
    options_.on_error(fault.error().text);
  if (fault)
    failing_ = false;
  all.clear();
  close_unused();
}

void log_writer::close_unused() {
  std::vector<std::shared_ptr<log_stream>> gone;
  {
    const std::lock_guard hold(lock_);
    for (auto& s : streams_)
      if (s.use_count() == 1)
        gone.push_back(std::move(s));
    streams_.erase(std::remove(streams_.begin(), streams_.end(), nullptr), streams_.end());
  }
  for (auto& s : gone) {
    static_cast<void>(s->write(runtime::core::wall_now())); // what came since
    const std::lock_guard hold(lock_);
    closed_ += s->counts();
    s.reset();
  }
}

} // namespace perron::httpd
