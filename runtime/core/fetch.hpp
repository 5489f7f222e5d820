// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace perron::runtime::core {

constexpr std::uintptr_t cache_line = 64;

/// Asks for the cache line at `address`, to write to it: does not wait for it, reads nothing, and may be
/// given any address.
[[gnu::always_inline]] inline void fetch_to_write(std::uintptr_t address) noexcept {
#if defined(__x86_64__)
  // __builtin_prefetch would ask for a copy to read, as the oldest of these processors know no other request;
  // they pass over this one
  asm volatile("prefetchw (%0)" : : "r"(address));
#else
  __builtin_prefetch(reinterpret_cast<const void*>(address), 1);
#endif
}

} // namespace perron::runtime::core
