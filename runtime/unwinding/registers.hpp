// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/instrumented.hpp>

#include <array>
#include <cstdint>
#include <cstdlib> // __GLIBC__, __GLIBCXX__

// PERRON_FAST_UNWINDING: whether exceptions find their handlers by runtime/unwinding/. Sanitizers watch the
// stack being unwound by what they put in front of libgcc; a shadow stack is unwound by libgcc only.
#if defined(__x86_64__) && defined(__LP64__) && defined(__GLIBC__) && defined(__GLIBCXX__) &&                \
    !defined(__SHSTK__) && !defined(PERRON_ASAN) && !defined(PERRON_TSAN)
#define PERRON_FAST_UNWINDING 1
#endif

namespace perron::runtime::unwinding {

/// Where a call returns to, and the registers as the caller finds them then: those that a function must leave
/// alone, in the x86-64 System V ABI.
struct registers {
  static constexpr std::size_t kept = 6; ///< rbx, rbp, r12 to r15 come first
  static constexpr std::size_t sp = 6;
  static constexpr std::size_t pc = 7;

  std::array<std::uint64_t, 8> value;
};

} // namespace perron::runtime::unwinding
