// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <new>

namespace perron::runtime::core {

/// Memory for messages and small engine objects that often die on another thread than they were born on.
/// From any thread. Throws std::bad_alloc.
inline void* allocate(std::size_t bytes, std::size_t alignment) {
  if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    return ::operator new(bytes, std::align_val_t(alignment));
  return ::operator new(bytes);
}

inline void deallocate(void* memory, [[maybe_unused]] std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    ::operator delete(memory, std::align_val_t(alignment));
  else
    ::operator delete(memory);
}

} // namespace perron::runtime::core
