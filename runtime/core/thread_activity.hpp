// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::runtime::core {

/// Whether a thread of this operating-system process computes, or would if it had a processor: it is neither
/// blocked in the kernel nor stopped. `number`: its gettid(2). False where /proc does not tell. From any
/// thread; ten microseconds.
bool is_runnable(int number) noexcept;

} // namespace perron::runtime::core
