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
/// | turns           | written by this thread, read by the watchdog                                |
/// | current, after, | this thread only                                                            |
/// |  home_context   |                                                                             |
struct carrier {
  explicit carrier(scheduler& s) : sched(s) {}

  scheduler& sched;
  handover<process_wide_barrier> gate;
  std::mutex lock; ///< decides take-overs
  worker* own = nullptr;
  process* current = nullptr;
  after_switch after = after_switch::park;
  std::atomic<std::uint64_t> turns{0};

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

/// The carrier of the calling thread, null on threads that are none. Never inlined: a process may resume on
/// another thread, and the address of a thread_local must not be remembered across that.
carrier* this_carrier() noexcept;
void set_this_carrier(carrier* c) noexcept;

/// The process the caller runs in, null outside.
process* current_process() noexcept;

/// While one lives the calling thread is inside the engine: its worker cannot be taken from it, and it must
/// not run code of a process. May be nested. On a thread that is no carrier, or whose worker was taken, own()
/// is null and the long way round is used.
class inside {
public:
  inside() noexcept : inside(this_carrier()) {}
  explicit inside(carrier* c) noexcept;
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
