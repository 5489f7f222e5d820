// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/context.hpp>
#include <perron/runtime/core/stack_pool.hpp>

#include <sys/mman.h>

#include <array>
#include <new>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace perron::runtime::core {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t stacks_per_bundle = 64;
constexpr std::size_t slab_bytes = std::size_t(16) << 20;

} // namespace

stack_pool::stack_pool(std::size_t stack_bytes) : stack_bytes_((stack_bytes + page - 1) / page * page) {}

stack_pool::~stack_pool() {
  for (const slab& s : slabs_) {
    for (std::size_t i = 0; i < s.count; ++i)
      forget_stack(s.records[i]);
    delete[] s.records;
    ::munmap(s.memory, s.bytes);
  }
}

void stack_pool::grow() {
  const std::size_t count = slab_bytes > stack_bytes_ ? slab_bytes / stack_bytes_ : 1;
  const std::size_t bytes = count * stack_bytes_;
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  slabs_.reserve(slabs_.size() + 1);
  free_.reserve(total_ + count);
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  auto* records = new (std::nothrow) stack[count];
  if (records == nullptr) {
    ::munmap(memory, bytes);
    throw std::bad_alloc();
  }
  slabs_.push_back({static_cast<std::byte*>(memory), bytes, records, count});
  bundle<stack> fresh;
  for (std::size_t i = count; i-- > 0;) {
    stack& s = records[i];
    s.base = static_cast<std::byte*>(memory) + i * stack_bytes_;
    s.bytes = stack_bytes_;
    s.cold = true;
    guard(s);
    fresh.push(s);
    if (fresh.count == stacks_per_bundle || i == 0) {
      free_.push_back(fresh);
      fresh = {};
    }
  }
  free_count_ += count;
  total_ += count;
}

void stack_pool::guard(stack& s) noexcept {
  static const bool cheap_guards = [] {
    void* probe = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool works = probe != MAP_FAILED && ::madvise(probe, page, MADV_GUARD_INSTALL) == 0;
    if (probe != MAP_FAILED)
      ::munmap(probe, page);
    return works;
  }();
  if (cheap_guards) {
    s.guarded = ::madvise(s.base, stack::guard_bytes, MADV_GUARD_INSTALL) == 0;
  } else if (mprotect_guards_ < max_mprotect_guards) {
    s.guarded = ::mprotect(s.base, stack::guard_bytes, PROT_NONE) == 0;
    if (s.guarded)
      ++mprotect_guards_;
  }
}

bundle<stack> stack_pool::take_bundle() {
  const std::lock_guard hold(lock_);
  if (free_.empty())
    grow();
  const bundle<stack> taken = free_.back();
  free_.pop_back();
  free_count_ -= taken.count;
  return taken;
}

stack* stack_pool::take_one() {
  bundle<stack> some = take_bundle();
  stack* s = some.pop();
  if (some.head != nullptr)
    give_bundle(some);
  return s;
}

void stack_pool::give_bundle(bundle<stack> stacks) noexcept {
  for (stack* s = stacks.head; s != nullptr; s = s->next)
    if (!s->cold) {
      ::madvise(s->base + stack::guard_bytes, s->bytes - stack::guard_bytes, MADV_DONTNEED);
      s->cold = true;
    }
  const std::lock_guard hold(lock_);
  free_.push_back(stacks); // no stack is in two bundles, so there is room
  free_count_ += stacks.count;
}

std::size_t stack_pool::mapped_bytes() const {
  const std::lock_guard hold(lock_);
  return total_ * stack_bytes_;
}

std::size_t stack_pool::in_use() const {
  const std::lock_guard hold(lock_);
  return total_ - free_count_;
}

std::size_t touched_bytes(const stack& s) noexcept {
  constexpr std::size_t most_pages = 4096;
  std::array<unsigned char, most_pages> resident;
  const std::size_t pages = s.bytes / page;
  if (pages > most_pages || ::mincore(s.base, s.bytes, resident.data()) != 0)
    return 0;
  for (std::size_t i = stack::guard_bytes / page; i < pages; ++i)
    if ((resident[i] & 1U) != 0)
      return s.bytes - i * page;
  return 0;
}

} // namespace perron::runtime::core
