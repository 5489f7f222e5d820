// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

namespace perron::runtime {

/// Says whose stack has its guard page at `fault_address`: writes a name such as "process 'room-7' <42>" and
/// a final zero to `out` (`size` bytes) and returns true, or returns false if the fault is no stack overflow.
///
/// Runs in a signal handler, on the thread that faulted: async-signal-safe calls only, no locks, no
/// allocation.
using describe_fault = bool (*)(void* fault_address, char* out, std::size_t size);

/// From now on a SIGSEGV or SIGBUS that `describe` recognises writes "perron: stack overflow in <text>; ..."
/// to standard error, and the program ends by that signal, with a core dump where these are on. There is no
/// going on: the stack that overflowed cannot be unwound. All other faults go to the handler that was there
/// before, as if ours were not.
///
/// Called again it only replaces `describe`. Threads are covered while they hold a use_alternate_stack;
/// without one the kernel ends the program with no word, as the handler has no stack to run on. A frame
/// larger than the guard page can step over it unseen, unless compiled with -fstack-clash-protection.
void install_overflow_handler(describe_fault describe);

/// A stack for the calling thread's signal handlers, with a guard page of its own, for as long as it lives.
/// Every thread that runs processes holds one; it must die on the thread that made it. What was set before is
/// put back. Costs two system calls and 64 KiB of addresses, touched only in need. Throws std::bad_alloc when
/// there is no memory.
class use_alternate_stack {
public:
  use_alternate_stack();
  ~use_alternate_stack();
  use_alternate_stack(const use_alternate_stack&) = delete;
  use_alternate_stack& operator=(const use_alternate_stack&) = delete;

private:
  void* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  void* before_ = nullptr; ///< the fields of the stack_t that was set before
  std::size_t before_size_ = 0;
  int before_flags_ = 0;
};

} // namespace perron::runtime
