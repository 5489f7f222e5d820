// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <new>

namespace perron::runtime::core {

/// Small blocks, from a few free ones that the calling thread keeps, else from operator new. Never inlined
/// into the code of a process, which may resume on another thread. Blocks of up to `largest_small_block`.
void* allocate_small(std::size_t bytes);
void deallocate_small(void* memory, std::size_t bytes) noexcept;
constexpr std::size_t largest_small_block = 256;

/// Memory for messages and small engine objects that often die on another thread than they were born on.
/// From any thread. Throws std::bad_alloc. About 2 ns where the thread has a free block of that size.
inline void* allocate(std::size_t bytes, std::size_t alignment) {
  if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    return ::operator new(bytes, std::align_val_t(alignment));
  if (bytes <= largest_small_block)
    return allocate_small(bytes);
  return ::operator new(bytes);
}

inline void deallocate(void* memory, std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    ::operator delete(memory, std::align_val_t(alignment));
  else if (bytes <= largest_small_block)
    deallocate_small(memory, bytes);
  else
    ::operator delete(memory);
}

} // namespace perron::runtime::core
