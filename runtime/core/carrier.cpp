// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/carrier.hpp>

namespace perron::runtime::core {
namespace {

thread_local carrier* carrier_of_thread = nullptr;

} // namespace

[[gnu::noinline]] carrier* this_carrier() noexcept {
  // the clobber keeps the compiler from treating two calls as one
  asm volatile("" ::: "memory");
  return carrier_of_thread;
}

void set_this_carrier(carrier* c) noexcept { carrier_of_thread = c; }

process* current_process() noexcept {
  const carrier* c = this_carrier();
  return c != nullptr ? c->current : nullptr;
}

inside::inside(carrier* c) noexcept : carrier_(c), outermost_(c != nullptr && !c->gate.is_inside()) {
  if (outermost_ && !c->gate.enter()) {
    // the watchdog is deciding or has decided; behind its lock `own` tells how
    const std::lock_guard decided(c->lock);
  }
}

} // namespace perron::runtime::core
