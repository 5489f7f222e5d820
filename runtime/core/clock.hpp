// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace perron::runtime::core {

/// The only file of Perron that reads a clock, so that a node can one day run under a virtual one.

/// Nanoseconds of a clock that never goes back. About 20 ns.
std::uint64_t monotonic_ns() noexcept;

/// Seconds since 1970 in UTC, for dates that people and protocols see.
std::int64_t wall_seconds() noexcept;

/// Milliseconds since 1970 in UTC.
std::int64_t wall_ms() noexcept;

} // namespace perron::runtime::core
