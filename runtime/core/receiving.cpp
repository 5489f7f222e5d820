// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/receiving.hpp>

#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/process.hpp>

namespace perron::runtime::core {

process& begin_receive() {
  process& self = detail::current();
  if (self.door.filled())
    take_in(self);
  check_exit(self);
  return self;
}

void count_receive(process& self) {
  if (self.bound.load(std::memory_order_relaxed) != 0)
    grant_room(self);
  spend(self);
}

std::uint64_t due_after(process& self, std::chrono::nanoseconds time) noexcept {
  if (time.count() <= 0)
    return 0;
  if (time == std::chrono::nanoseconds::max())
    return waiting::forever;
  return self.sched->due_in(static_cast<std::uint64_t>(time.count()));
}

} // namespace perron::runtime::core
