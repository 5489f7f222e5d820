// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <thread>

namespace perron::runtime::core {

/// Processor time that a thread has had so far, in nanoseconds; 0 where it is not known. From any thread,
/// while that one has not been joined; half a microsecond.
std::uint64_t processor_time_ns(std::thread& of) noexcept;

/// Whether a thread of this operating-system process computes, or would if it had a processor: it is neither
/// blocked in the kernel nor stopped. `number`: its gettid(2). False where /proc does not tell. From any
/// thread; ten microseconds.
bool is_runnable(int number) noexcept;

} // namespace perron::runtime::core
