// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/report/stack_overflow.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <boost/context/detail/fcontext.hpp>
#include <sys/mman.h>
#include <unistd.h>

namespace perron::runtime {
namespace {

/// A process's stack with its guard page below.
class guarded_stack {
public:
  static constexpr std::size_t guard = 4096;
  static constexpr std::size_t size = std::size_t{64} * 1024;

  guarded_stack() {
    base_ = static_cast<char*>(
        ::mmap(nullptr, guard + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::mprotect(base_, guard, PROT_NONE);
  }
  ~guarded_stack() { ::munmap(base_, guard + size); }
  guarded_stack(const guarded_stack&) = delete;
  guarded_stack& operator=(const guarded_stack&) = delete;

  char* base() const { return base_; }

  void run(void (*entry)(boost::context::detail::transfer_t)) const {
    namespace context = boost::context::detail;
    context::jump_fcontext(context::make_fcontext(base_ + guard + size, size, entry), nullptr);
  }

private:
  char* base_;
};

std::uintptr_t guard_start = 0;

bool describe(void* fault_address, char* out, std::size_t size) {
  const auto at = reinterpret_cast<std::uintptr_t>(fault_address);
  if (guard_start == 0 || at < guard_start || at >= guard_start + guarded_stack::guard)
    return false;
  std::snprintf(out, size, "process 'room-7' <42>");
  return true;
}

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[512];
  frame[depth % 512] = 1;
  const int deeper = depth == 1 << 30 ? 0 : recurse(depth + 1);
  return deeper + frame[(depth + 7) % 512];
}

void overflow(boost::context::detail::transfer_t) { std::exit(recurse(0)); }

void overflow_a_process_stack() {
  const guarded_stack stack;
  guard_start = reinterpret_cast<std::uintptr_t>(stack.base());
  install_overflow_handler(&describe);
  const use_alternate_stack for_handlers;
  stack.run(&overflow);
}

void touch(void* address) {
  asm volatile("" : "+r"(address)); // or the compiler complains about the address that it sees
  *static_cast<volatile char*>(address) = 1;
}

class stack_overflow_death : public testing::Test {
protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(stack_overflow_death, is_reported_by_name_and_ends_the_program) {
  EXPECT_EXIT(overflow_a_process_stack(), testing::KilledBySignal(SIGSEGV),
              "perron: stack overflow in process 'room-7' <42>; ");
}

TEST_F(stack_overflow_death, is_reported_from_any_thread_with_an_alternate_stack) {
  EXPECT_EXIT(std::thread(overflow_a_process_stack).join(), testing::KilledBySignal(SIGSEGV),
              "perron: stack overflow in process 'room-7' <42>; ");
}

TEST_F(stack_overflow_death, other_faults_go_to_the_handler_that_was_there) {
  const auto other_fault = [] {
    struct sigaction mine {};
    mine.sa_flags = SA_SIGINFO;
    mine.sa_sigaction = [](int, siginfo_t* info, void*) {
      ::_exit(info->si_addr == reinterpret_cast<void*>(16) ? 7 : 8);
    };
    ::sigaction(SIGSEGV, &mine, nullptr);
    install_overflow_handler(&describe);
    const use_alternate_stack for_handlers;
    touch(reinterpret_cast<void*>(16));
  };
  EXPECT_EXIT(other_fault(), testing::ExitedWithCode(7), "^$");
}

TEST_F(stack_overflow_death, other_faults_end_the_program_if_no_handler_was_there) {
  const auto other_fault = [] {
    ::signal(SIGSEGV, SIG_DFL);
    install_overflow_handler(&describe);
    const use_alternate_stack for_handlers;
    touch(reinterpret_cast<void*>(16));
  };
  EXPECT_EXIT(other_fault(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST_F(stack_overflow_death, a_signal_sent_by_a_program_is_no_overflow) {
  const auto sent = [] {
    ::signal(SIGBUS, SIG_DFL);
    install_overflow_handler([](void*, char*, std::size_t) { return true; });
    ::raise(SIGBUS);
  };
  EXPECT_EXIT(sent(), testing::KilledBySignal(SIGBUS), "^$");
}

TEST(use_alternate_stack, is_set_while_it_lives_and_the_one_before_comes_back) {
  stack_t before{};
  ::sigaltstack(nullptr, &before);
  {
    const use_alternate_stack ours;
    stack_t now{};
    ::sigaltstack(nullptr, &now);
    EXPECT_NE(now.ss_sp, before.ss_sp);
    EXPECT_EQ(now.ss_flags & SS_DISABLE, 0);
    EXPECT_GE(now.ss_size, 64u * 1024);
    touch(now.ss_sp);
    touch(static_cast<char*>(now.ss_sp) + now.ss_size - 1);
  }
  stack_t after{};
  ::sigaltstack(nullptr, &after);
  EXPECT_EQ(after.ss_sp, before.ss_sp);
  EXPECT_EQ(after.ss_flags, before.ss_flags);
}

} // namespace
} // namespace perron::runtime
