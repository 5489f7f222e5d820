// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstdint>

namespace perron::runtime::core {

/// The only file of Perron that reads a clock, so that a node can one day run under a virtual one.

/// Nanoseconds of a clock that never goes back. About 20 ns.
std::uint64_t monotonic_ns() noexcept;
/// Processor time that a thread of this operating-system process has had so far; 0 where it is not known.
/// From any thread, while that one has not been joined; half a microsecond.
std::uint64_t thread_ns(::pthread_t thread) noexcept;

/// A count that grows with time, by 1 to 5 a nanosecond, for bounds that need not be exact. About 10 ns.
std::uint64_t rough_ticks() noexcept;

/// Seconds since 1970 in UTC, for dates that people and protocols see.
std::int64_t wall_seconds() noexcept;

/// Milliseconds since 1970 in UTC.
std::int64_t wall_ms() noexcept;

/// The same clocks as moments, to be compared with other moments.
std::chrono::steady_clock::time_point steady_now() noexcept;
std::chrono::system_clock::time_point wall_now() noexcept;

} // namespace perron::runtime::core
