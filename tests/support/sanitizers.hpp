// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/instrumented.hpp>

#include <cstddef>

#ifdef PERRON_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace perron::testing {

#ifdef PERRON_ASAN
inline constexpr bool under_asan = true;
#else
inline constexpr bool under_asan = false;
#endif
#ifdef PERRON_TSAN
inline constexpr bool under_tsan = true;
#else
inline constexpr bool under_tsan = false;
#endif
inline constexpr bool under_sanitizer = under_asan || under_tsan;

/// `n` in a plain build, less where each step costs ten times as much. ThreadSanitizer knows some 8,000
/// fibers at most, each of them a process's stack.
constexpr std::size_t scaled(std::size_t n, std::size_t sanitized) noexcept {
  return under_sanitizer ? sanitized : n;
}

/// What this thread allocates from now on is not reported as leaked: for the memory that a stack abandoned on
/// purpose still holds.
inline void expect_leaks_on_this_thread() noexcept {
#ifdef PERRON_ASAN
  __lsan_disable();
#endif
}

} // namespace perron::testing
