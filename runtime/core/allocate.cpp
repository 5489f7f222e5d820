// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/allocate.hpp>

#include <perron/runtime/core/instrumented.hpp>

#include <array>
#include <cstdint>

namespace perron::runtime::core {
namespace {

constexpr std::size_t step = 32;
constexpr std::size_t classes = largest_small_block / step;
/// Blocks of each size that a thread keeps: what one process sends in a turn, and no more than 300 KiB in
/// all.
constexpr std::uint32_t most_kept = 256;

#if defined(PERRON_ASAN) || defined(PERRON_TSAN)
constexpr bool keeps_blocks = false; // a block that is used after its end must be found
#else
constexpr bool keeps_blocks = true;
#endif

struct free_block {
  free_block* next;
};

/// Never destroyed, so that it costs no check and messages may be freed as late as a thread likes; `emptied`
/// gives the blocks back.
struct free_blocks {
  std::array<free_block*, classes> first;
  std::array<std::uint32_t, classes> count;
  bool watched; ///< somebody sees to it that they are freed when the thread ends
  bool over;    ///< it has ended: keep nothing more
};
constinit thread_local free_blocks kept{};

struct emptied {
  ~emptied() {
    kept.over = true;
    for (free_block* block : kept.first)
      while (block != nullptr) {
        free_block* next = block->next;
        ::operator delete(block);
        block = next;
      }
    kept.first = {};
  }
};

[[gnu::noinline, gnu::cold]] void empty_at_thread_end() {
  static thread_local const emptied at_end;
  kept.watched = true;
}

constexpr std::size_t class_of(std::size_t bytes) noexcept { return (bytes - 1) / step; }

} // namespace

[[gnu::noinline]] void* allocate_small(std::size_t bytes) {
  const std::size_t c = class_of(bytes);
  free_block* block = kept.first[c];
  if (block == nullptr)
    return ::operator new((c + 1) * step);
  kept.first[c] = block->next;
  --kept.count[c];
  return block;
}

[[gnu::noinline]] void deallocate_small(void* memory, std::size_t bytes) noexcept {
  const std::size_t c = class_of(bytes);
  if (!keeps_blocks || kept.count[c] >= most_kept || kept.over) {
    ::operator delete(memory);
    return;
  }
  if (!kept.watched)
    empty_at_thread_end();
  auto* block = static_cast<free_block*>(memory);
  block->next = kept.first[c];
  kept.first[c] = block;
  ++kept.count[c];
}

} // namespace perron::runtime::core
