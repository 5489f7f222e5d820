// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/fleet.hpp>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

namespace perron::soak {

namespace {

constexpr int leave_failed = 3;

std::size_t page_of(std::size_t size) {
  constexpr std::size_t page = 4096;
  return (size + page - 1) / page * page;
}

/// In the child, for its whole life.
[[noreturn]] void be_client(const soak_options& options, const assignment& mine, const control_block& control,
                            shared_block& block, int wakeup, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(leave_failed);
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  // A ^C is the parent's to hear, who then says so.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &most);
  int status = leave_failed;
  try {
    client_process(options, mine, control, block, wakeup).run();
    status = 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "perron-soak: client process %u: %s\n", mine.process, e.what());
  }
  ::_exit(status);
}

} // namespace

runtime::result<fleet> fleet::start(const soak_options& options, const std::vector<assignment>& dealt) {
  fleet made;
  made.size_ = page_of(sizeof(control_block)) + dealt.size() * page_of(sizeof(shared_block));
  void* const memory =
      ::mmap(nullptr, made.size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return runtime::error{"no shared memory: " + std::string(std::strerror(errno)), errno};
  made.memory_ = memory;
  // A fresh mapping is zero, which is what each of them begins as: nothing of it is touched here.
  made.control_ = static_cast<control_block*>(memory);
  auto* at = static_cast<std::byte*>(memory) + page_of(sizeof(control_block));
  for (std::size_t i = 0; i < dealt.size(); ++i, at += page_of(sizeof(shared_block)))
    made.blocks_.push_back(std::launder(reinterpret_cast<shared_block*>(at)));
  const pid_t parent = ::getpid();
  for (std::size_t i = 0; i < dealt.size(); ++i) {
    const int wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wakeup < 0)
      return runtime::error{"no eventfd: " + std::string(std::strerror(errno)), errno};
    made.wakeups_.push_back(wakeup);
    const pid_t pid = ::fork();
    if (pid < 0)
      return runtime::error{"no process: " + std::string(std::strerror(errno)), errno};
    if (pid == 0)
      be_client(options, dealt[i], *made.control_, *made.blocks_[i], wakeup, parent);
    made.pids_.push_back(pid);
  }
  return made;
}

fleet::fleet(fleet&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_), control_(other.control_),
      blocks_(std::move(other.blocks_)), pids_(std::exchange(other.pids_, {})),
      wakeups_(std::exchange(other.wakeups_, {})), died_(other.died_) {}

fleet::~fleet() {
  for (const pid_t pid : pids_)
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  for (const int fd : wakeups_)
    ::close(fd);
  if (memory_ != nullptr)
    ::munmap(memory_, size_);
}

void fleet::begin_phase(std::uint32_t number, std::int64_t now_ns) {
  control_->phase_began_ns.store(now_ns, std::memory_order_relaxed);
  // Release: who sees the phase sees when it began.
  control_->phases_begun.store(number, std::memory_order_release);
  wake();
}

void fleet::publish() {
  control_->publishes.fetch_add(1, std::memory_order_release);
  wake();
}

void fleet::publish_again() {
  control_->repeats.fetch_add(1, std::memory_order_release);
  wake();
}

void fleet::tell_killed(pid_t node, std::int64_t now_ns) {
  const std::uint32_t number = control_->kills.load(std::memory_order_relaxed);
  control_block::kill& kill = control_->killed[number % control_block::most_kills];
  kill.pid.store(static_cast<std::uint32_t>(node), std::memory_order_relaxed);
  kill.at_ns.store(now_ns, std::memory_order_relaxed);
  // Release: who sees the number sees the kill.
  control_->kills.store(number + 1, std::memory_order_release);
}

void fleet::end() {
  control_->ending.store(true, std::memory_order_release);
  wake();
}

void fleet::wake() const {
  const std::uint64_t once = 1;
  for (const int fd : wakeups_)
    [[maybe_unused]] const auto size = ::write(fd, &once, sizeof once);
}

std::vector<std::string> fleet::reap() {
  std::vector<std::string> bad;
  for (std::size_t i = 0; i < pids_.size(); ++i) {
    int status = 0;
    if (pids_[i] <= 0 || ::waitpid(pids_[i], &status, WNOHANG) != pids_[i])
      continue;
    pids_[i] = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      continue;
    ++died_;
    // The kernel has closed what it had.
    for (counter* const each : {&blocks_[i]->open, &blocks_[i]->opening, &blocks_[i]->listening})
      each->set(0);
    bad.push_back("client process " + std::to_string(i) + ": " +
                  (WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                       : "ended with " + std::to_string(WEXITSTATUS(status))));
  }
  return bad;
}

std::size_t fleet::alive() const {
  return static_cast<std::size_t>(std::count_if(pids_.begin(), pids_.end(), [](pid_t p) { return p > 0; }));
}

bool fleet::done(std::uint32_t phase) const {
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    if (pids_[i] > 0 && blocks_[i]->phase_done.get() < phase)
      return false;
  return true;
}

std::uint64_t fleet::sum(counter shared_block::*field) const {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i)
    all += (blocks_[i]->*field).get();
  return all;
}

histogram fleet::merged(histogram shared_block::*field) const {
  histogram all;
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i)
    all.merge(blocks_[i]->*field);
  return all;
}

std::uint64_t fleet::latest_heard_ns() const {
  std::uint64_t latest = 0;
  for (const shared_block* const each : blocks_)
    latest = std::max(latest, each->heard_last_ns.get());
  return latest;
}

client_counts fleet::counts() const {
  client_counts all;
  all.wanted = sum(&shared_block::wanted);
  all.opening = sum(&shared_block::opening);
  all.open = sum(&shared_block::open);
  all.opened = sum(&shared_block::opened);
  all.closed = sum(&shared_block::closed);
  all.requests = sum(&shared_block::requests);
  all.answers = sum(&shared_block::answers);
  all.messages = sum(&shared_block::messages);
  all.bytes_in = sum(&shared_block::bytes_in);
  all.bytes_out = sum(&shared_block::bytes_out);
  all.meant = {{"crashed", sum(&shared_block::crashed)},
               {"lost with a killed process", sum(&shared_block::lost_by_kill)},
               {"reset by the kernel alone", sum(&shared_block::cut_by_kernel)},
               {"reset behind somebody's remains", sum(&shared_block::cut_behind_remains)},
               {"vanished", sum(&shared_block::vanished)},
               {"left in calm, to come again", sum(&shared_block::said_goodbye)},
               {"opened again", sum(&shared_block::reconnected)}};
  for (std::size_t kind = 0; kind < error_kinds; ++kind) {
    std::uint64_t count = 0;
    for (const shared_block* const each : blocks_)
      count += each->errors[kind].get();
    if (kind == static_cast<std::size_t>(error_kind::other))
      count += died_;
    all.errors.push_back({std::string(error_names[kind]), count});
  }
  return all;
}

std::vector<std::string> fleet::error_texts() const {
  std::vector<std::string> texts;
  for (std::size_t kind = 0; kind < error_kinds; ++kind)
    for (const shared_block* const each : blocks_)
      if (each->texts[kind].set.load(std::memory_order_acquire)) {
        texts.push_back("first " + std::string(error_names[kind]) + ": " + each->texts[kind].text.data());
        break;
      }
  return texts;
}

} // namespace perron::soak
