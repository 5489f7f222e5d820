// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/magazine.hpp>
#include <perron/runtime/core/process.hpp>

#include <cstddef>
#include <mutex>
#include <vector>

namespace perron::runtime::core {

/// What makes each process a CAF actor as well. The shell lies in the slot before the process record; the
/// layer runtime/caf fills this in, so that the engine knows nothing of CAF. `construct` is called when a
/// process begins, and need not make more of the shell than tells that it is not there yet.
struct shell_operations {
  std::size_t bytes = 0;
  void* context = nullptr;
  void (*construct)(void* context, void* memory, process& p) = nullptr;
  /// The process has ended. True: nobody else holds the shell, the slot is free. False: whoever drops the
  /// last reference gives the slot back with process_table::release.
  bool (*retire)(void* context, void* memory, process& p, const exit_reason& why) noexcept = nullptr;
};

/// The memory of all processes of a node: slots of [shell | record], cut from slabs that stay mapped while
/// the node lives. A slot is only ever a process, so a pid may be looked at however old it is.
///
/// Any thread; one lock. Workers keep a list of free slots in front (see slot_cache).
class process_table {
public:
  explicit process_table(const shell_operations& shell);
  ~process_table();
  process_table(const process_table&) = delete;
  process_table& operator=(const process_table&) = delete;

  /// Some free slots, at least one. Throws std::bad_alloc.
  bundle<process> take_bundle();
  void give_bundle(bundle<process> slots) noexcept;
  /// One slot, for callers without a worker.
  process* take_one();
  void give_one(process& p) noexcept {
    give_bundle({[&] {
                   p.next = nullptr;
                   return &p;
                 }(),
                 1});
  }

  void* shell_of(process& p) const noexcept { return reinterpret_cast<std::byte*>(&p) - shell_bytes_; }
  process& process_of(void* shell) const noexcept {
    return *reinterpret_cast<process*>(static_cast<std::byte*>(shell) + shell_bytes_);
  }

  std::size_t bytes_per_process() const noexcept { return stride_; }
  std::size_t mapped_bytes() const;

  /// Calls f(process&) for every slot, used or not. New slabs wait meanwhile, processes do not.
  template <class F>
  void for_each_slot(F&& f) const {
    for (std::byte* base : slabs())
      for (std::size_t i = 0; i < per_slab_; ++i)
        f(*reinterpret_cast<process*>(base + i * stride_ + shell_bytes_));
  }

private:
  std::vector<std::byte*> slabs() const;

  const std::size_t shell_bytes_;
  const std::size_t stride_;
  const std::size_t per_slab_;
  mutable std::mutex lock_;
  std::vector<std::byte*> slabs_;
  std::vector<bundle<process>> free_; ///< room for all is reserved when a slab is made
  std::size_t slots_ = 0;
};

/// A worker's own free slots.
using slot_cache = magazine<process, 128>;

} // namespace perron::runtime::core
