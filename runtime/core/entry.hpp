// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace perron::runtime::core {

/// The function a process runs next: its body, or the continuation of a hibernating one. Small closures lie
/// inside the process record, so that a process that has not started yet owns neither stack nor heap.
class entry {
public:
  entry() = default;
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;
  ~entry() { reset(); }

  template <class F>
  void emplace(F&& f) {
    using function = std::decay_t<F>;
    reset();
    if constexpr (sizeof(function) <= capacity && alignof(function) <= alignment) {
      ::new (static_cast<void*>(storage_)) function(std::forward<F>(f));
      ops_ = &inline_ops<function>;
    } else {
      auto* held = new function(std::forward<F>(f));
      ::new (static_cast<void*>(storage_)) function*(held);
      ops_ = &heap_ops<function>;
    }
  }

  explicit operator bool() const noexcept { return ops_ != nullptr; }

  /// Runs the function, moved to the caller's stack first so that it may replace this entry while it runs.
  void run() {
    const ops* what = std::exchange(ops_, nullptr);
    what->run(storage_);
  }

  void reset() noexcept {
    if (const ops* what = std::exchange(ops_, nullptr); what != nullptr)
      what->drop(storage_);
  }

  /// The type of the function, for reports ("initial call").
  const std::type_info* type() const noexcept { return ops_ != nullptr ? ops_->type : nullptr; }

private:
  static constexpr std::size_t capacity = 48;
  static constexpr std::size_t alignment = 16;

  struct ops {
    void (*run)(void* storage);
    void (*drop)(void* storage) noexcept;
    const std::type_info* type;
  };

  template <class F>
  static void run_inline(void* storage) {
    F* held = std::launder(static_cast<F*>(storage));
    F function(std::move(*held));
    held->~F();
    std::move(function)();
  }
  template <class F>
  static void drop_inline(void* storage) noexcept {
    std::launder(static_cast<F*>(storage))->~F();
  }
  template <class F>
  static void run_heap(void* storage) {
    std::unique_ptr<F> held(*std::launder(static_cast<F**>(storage)));
    std::move (*held)();
  }
  template <class F>
  static void drop_heap(void* storage) noexcept {
    delete *std::launder(static_cast<F**>(storage));
  }

  template <class F>
  static constexpr ops inline_ops{&run_inline<F>, &drop_inline<F>, &typeid(F)};
  template <class F>
  static constexpr ops heap_ops{&run_heap<F>, &drop_heap<F>, &typeid(F)};

  const ops* ops_ = nullptr;
  alignas(alignment) std::byte storage_[capacity];
};

} // namespace perron::runtime::core
