// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/stack_overflow.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace perron::runtime {
namespace {

std::atomic<describe_fault> describer{nullptr};
// Written before our handlers are installed, by nobody afterwards.
struct sigaction before_segv;
struct sigaction before_bus;

void say(const char* text) noexcept {
  std::size_t left = std::strlen(text);
  while (left > 0) {
    const ssize_t written = ::write(STDERR_FILENO, text, left);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return;
    text += written;
    left -= static_cast<std::size_t>(written);
  }
}

/// The signal is blocked while its handler runs, so it comes again when the handler returns: with the
/// registers of the fault, which is what a core dump should show.
void end_by(int signal) noexcept {
  struct sigaction fallback {};
  fallback.sa_handler = SIG_DFL;
  ::sigaction(signal, &fallback, nullptr);
  ::raise(signal);
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
  const struct sigaction& before = signal == SIGBUS ? before_bus : before_segv;
  if ((before.sa_flags & SA_SIGINFO) != 0)
    before.sa_sigaction(signal, info, context);
  else if (before.sa_handler == SIG_IGN && info->si_code <= 0)
    return; // sent by a program; of true faults even ignored ones end the program
  else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
    end_by(signal);
  else
    before.sa_handler(signal);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  char who[256];
  const describe_fault describe = describer.load(std::memory_order_acquire);
  // A code above 0 means that the kernel saw a fault: only then is there an address.
  if (info->si_code > 0 && describe != nullptr && describe(info->si_addr, who, sizeof who)) {
    who[sizeof who - 1] = '\0';
    say("perron: stack overflow in ");
    say(who);
    say("; the program ends. Endless recursion, or a stack too small for what it does: its size is set at "
        "spawn.\n");
    end_by(signal);
  } else {
    pass_on(signal, info, context);
  }
  errno = saved_errno;
}

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// What a sanitizer's or a program's own handler may want that is called from ours.
std::size_t handler_stack_size() noexcept {
  const long least = ::sysconf(_SC_SIGSTKSZ);
  const std::size_t wanted =
      std::max<std::size_t>(std::size_t{64} * 1024, least > 0 ? static_cast<std::size_t>(least) : 0);
  return (wanted + page_size() - 1) / page_size() * page_size();
}

} // namespace

void install_overflow_handler(describe_fault describe) {
  describer.store(describe, std::memory_order_release);
  static const bool installed = [] {
    struct sigaction ours {};
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&ours.sa_mask);
    ::sigaction(SIGSEGV, nullptr, &before_segv);
    ::sigaction(SIGBUS, nullptr, &before_bus);
    ::sigaction(SIGSEGV, &ours, nullptr);
    ::sigaction(SIGBUS, &ours, nullptr);
    return true;
  }();
  static_cast<void>(installed);
}

use_alternate_stack::use_alternate_stack() {
  const std::size_t guard = page_size();
  const std::size_t size = handler_stack_size();
  void* const mapping =
      ::mmap(nullptr, guard + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED)
    throw std::bad_alloc();
  mapping_ = mapping;
  mapped_ = guard + size;
  stack_t ours{};
  ours.ss_sp = static_cast<char*>(mapping) + guard;
  ours.ss_size = size;
  stack_t before{};
  if (::mprotect(ours.ss_sp, size, PROT_READ | PROT_WRITE) != 0 || ::sigaltstack(&ours, &before) != 0) {
    ::munmap(mapping_, mapped_);
    throw std::bad_alloc();
  }
  before_ = before.ss_sp;
  before_size_ = before.ss_size;
  before_flags_ = before.ss_flags;
}

use_alternate_stack::~use_alternate_stack() {
  // Put back, not just disabled: sanitizers unmap at thread exit whatever stack is set then, taking it for
  // their own.
  stack_t before{};
  before.ss_sp = before_;
  before.ss_size = before_size_;
  before.ss_flags = before_flags_;
  ::sigaltstack(&before, nullptr);
  ::munmap(mapping_, mapped_);
}

} // namespace perron::runtime
