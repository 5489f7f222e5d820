// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/stack_trimmer.hpp>

#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/process.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/stack_pool.hpp>

#include <sys/mman.h>

#include <vector>

namespace perron::runtime::core {
namespace {

constexpr std::size_t page = 4096;

/// Whether pages below the topmost are in memory.
bool is_deep(const stack& s, const unsigned char* resident) noexcept {
  for (std::size_t i = stack::guard_bytes / page; i + 1 < s.bytes / page; ++i)
    if ((resident[i] & 1U) != 0)
      return true;
  return false;
}

/// Gives back what lies below the stack pointer of a parked process; how many pages.
std::size_t trim(stack& s) noexcept {
  process* p = s.user.load(std::memory_order_acquire);
  if (p == nullptr)
    return 0;
  const parked_hold held(*p);
  // by now it may have left this stack
  if (!held || p->own_stack != &s || p->context == nullptr)
    return 0;
  const auto pointer = reinterpret_cast<std::uintptr_t>(p->context) / page * page;
  std::byte* from = s.base + stack::guard_bytes;
  const std::size_t bytes = pointer - reinterpret_cast<std::uintptr_t>(from);
  return ::madvise(from, bytes, MADV_DONTNEED) == 0 ? bytes / page : 0;
}

} // namespace

std::uint64_t stack_trimmer::activity() const noexcept {
  std::uint64_t turns = 0;
  for (const auto& w : sched_.workers)
    turns += w->turns.get();
  return turns;
}

bool stack_trimmer::work(std::uint64_t now_ms) {
  if (!passing_) {
    const std::uint64_t now_seen = activity();
    if (now_seen == seen_activity_)
      return false;
    seen_activity_ = now_seen;
    passing_ = true;
    cursor_ = 0;
    next_ms_ = now_ms + pause_ms;
  }
  if (now_ms < next_ms_)
    return true;
  next_ms_ = now_ms + pause_ms;
  std::vector<unsigned char> resident;
  passing_ = sched_.stacks.visit_slabs(
      cursor_, slabs_per_step, [&](std::byte* memory, std::size_t bytes, stack* records, std::size_t count) {
        resident.resize(bytes / page);
        if (::mincore(memory, bytes, resident.data()) != 0)
          return;
        for (std::size_t i = 0; i < count; ++i) {
          stack& s = records[i];
          if (is_deep(s, resident.data() + static_cast<std::size_t>(s.base - memory) / page))
            trimmed_ += trim(s);
        }
      });
  cursor_ += slabs_per_step;
  return passing_;
}

} // namespace perron::runtime::core
