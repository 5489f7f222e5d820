// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/handover.hpp>
#include <perron/runtime/report/throw_trace.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <semaphore>
#include <thread>

namespace perron::runtime::core {

struct scheduler;
struct worker;
struct process;

/// What the carrier does with the process that has just switched out.
enum class after_switch : std::uint8_t { park, yield, hibernate, finished };

/// An operating-system thread that runs processes. It holds a worker while things go well; the watchdog takes
/// the worker away from a carrier whose process does not give way and gives it to a spare carrier.
///
/// | field           | who may touch it                                                            |
/// |-----------------|-----------------------------------------------------------------------------|
/// | own             | this thread while inside the gate; the watchdog after it has won the gate   |
/// | turns, number   | written by this thread, read by the watchdog                                |
/// | thread          | who starts and joins it; the watchdog in between                            |
/// | the rest        | this thread only                                                            |
struct carrier {
  explicit carrier(scheduler& s) : sched(s) {}

  scheduler& sched;
  handover<process_wide_barrier> gate;
  std::mutex lock; ///< decides take-overs
  worker* own = nullptr;
  process* current = nullptr;
  after_switch after = after_switch::park;
  std::atomic<std::uint64_t> turns{0};
  std::atomic<int> number{0}; ///< of the thread, as the kernel counts them

  void* home_context = nullptr;
  void* exception_globals = nullptr;
  int* errno_location = nullptr;
  const void* asan_bottom = nullptr;
  std::size_t asan_size = 0;
  void* tsan_fiber = nullptr;
  void* execution_unit = nullptr; ///< what CAF jobs see as their worker; owned by runtime/caf
  throw_record throws{};

  std::counting_semaphore<> assigned{0}; ///< a stop may come on top of an assignment
  std::thread thread;
};

/// this_carrier() where it is not known how to do it inline.
carrier* read_this_carrier() noexcept;
/// Written by set_this_carrier only; to be read by this_carrier() only.
extern "C" constinit thread_local carrier* perron_carrier_of_thread;

/// The carrier of the calling thread, null on threads that are none. A process may resume on another thread,
/// so neither the value nor the address of a thread_local may be remembered across a call: the compiler must
/// not see what is read here. Costs two loads.
[[gnu::always_inline]] inline carrier* this_carrier() noexcept {
#if defined(__x86_64__) && defined(__ELF__)
  carrier* c;
  asm volatile("movq perron_carrier_of_thread@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0"
               : "=r"(c)
               :
               : "memory");
  return c;
#else
  return read_this_carrier();
#endif
}
void set_this_carrier(carrier* c) noexcept;

/// The process the caller runs in, null outside.
inline process* current_process() noexcept {
  const carrier* c = this_carrier();
  return c != nullptr ? c->current : nullptr;
}

/// After gate.enter() has said no: the watchdog is deciding whether this thread loses its worker, or has
/// decided. When this returns, `own` tells.
void await_decision(carrier& c) noexcept;

/// While one lives the calling thread is inside the engine: its worker cannot be taken from it, and it must
/// not run code of a process. May be nested. On a thread that is no carrier, or whose worker was taken, own()
/// is null and the long way round is used.
class inside {
public:
  inside() noexcept : inside(this_carrier()) {}
  explicit inside(carrier* c) noexcept : carrier_(c), outermost_(c != nullptr && !c->gate.is_inside()) {
    if (outermost_ && !c->gate.enter())
      await_decision(*c);
  }
  ~inside() {
    if (outermost_)
      carrier_->gate.leave();
  }
  inside(const inside&) = delete;
  inside& operator=(const inside&) = delete;

  worker* own() const noexcept { return carrier_ != nullptr ? carrier_->own : nullptr; }
  carrier* on() const noexcept { return carrier_; }

private:
  carrier* carrier_;
  bool outermost_;
};

} // namespace perron::runtime::core
