// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/carrier.hpp>

namespace perron::runtime::core {

extern "C" {
constinit thread_local carrier* perron_carrier_of_thread = nullptr;
}

[[gnu::noinline]] carrier* read_this_carrier() noexcept {
  // the clobber keeps the compiler from treating two calls as one
  asm volatile("" ::: "memory");
  return perron_carrier_of_thread;
}

void set_this_carrier(carrier* c) noexcept { perron_carrier_of_thread = c; }

void await_decision(carrier& c) noexcept { const std::lock_guard decided(c.lock); }

} // namespace perron::runtime::core
