// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/process_table.hpp>

#include <sys/mman.h>

#include <new>

namespace perron::runtime::core {
namespace {

constexpr std::size_t slab_bytes = std::size_t(1) << 20;

constexpr std::size_t slots_per_bundle = 128;

constexpr std::size_t round_up(std::size_t n, std::size_t to) noexcept { return (n + to - 1) / to * to; }

} // namespace

process_table::process_table(const shell_operations& shell)
    : shell_bytes_(round_up(shell.bytes, alignof(process))), stride_(shell_bytes_ + sizeof(process)),
      per_slab_(slab_bytes / stride_) {}

process_table::~process_table() {
  for (std::byte* base : slabs_) {
    for (std::size_t i = 0; i < per_slab_; ++i)
      reinterpret_cast<process*>(base + i * stride_ + shell_bytes_)->~process();
    ::munmap(base, slab_bytes);
  }
}

bundle<process> process_table::take_bundle() {
  const std::lock_guard hold(lock_);
  if (free_.empty()) {
    slabs_.reserve(slabs_.size() + 1);
    free_.reserve(slots_ + per_slab_);
    void* memory = ::mmap(nullptr, slab_bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
      throw std::bad_alloc();
    auto* base = static_cast<std::byte*>(memory);
    slabs_.push_back(base);
    slots_ += per_slab_;
    bundle<process> fresh;
    for (std::size_t i = per_slab_; i-- > 0;) {
      fresh.push(*::new (base + i * stride_ + shell_bytes_) process);
      if (fresh.count == slots_per_bundle) {
        free_.push_back(fresh);
        fresh = {};
      }
    }
    if (fresh.head != nullptr)
      free_.push_back(fresh);
  }
  const bundle<process> taken = free_.back();
  free_.pop_back();
  return taken;
}

void process_table::give_bundle(bundle<process> slots) noexcept {
  const std::lock_guard hold(lock_);
  free_.push_back(slots); // no slot is in two bundles, so there is room
}

process* process_table::take_one() {
  bundle<process> some = take_bundle();
  process* p = some.pop();
  if (some.head != nullptr)
    give_bundle(some);
  return p;
}

std::size_t process_table::mapped_bytes() const {
  const std::lock_guard hold(lock_);
  return slabs_.size() * slab_bytes;
}

std::vector<std::byte*> process_table::slabs() const {
  const std::lock_guard hold(lock_);
  return slabs_;
}

} // namespace perron::runtime::core
