// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/deadline.hpp>

#include <perron/runtime/call.hpp>
#include <perron/runtime/core/scheduler.hpp>

namespace perron::runtime {
namespace {

constexpr std::uint64_t never = ~std::uint64_t(0);

std::uint64_t due_after(std::chrono::nanoseconds time) {
  if (time == no_timeout)
    return never;
  if (time.count() <= 0)
    return 0;
  return detail::current_scheduler().due_in(static_cast<std::uint64_t>(time.count()));
}

} // namespace

deadline::deadline(std::chrono::nanoseconds time) : due_ms_(due_after(time)) {}

std::chrono::nanoseconds deadline::left() const {
  if (due_ms_ == never)
    return no_timeout;
  if (due_ms_ == 0)
    return std::chrono::nanoseconds::zero();
  const std::uint64_t now = detail::current_scheduler().now_ms();
  return std::chrono::milliseconds(due_ms_ > now ? due_ms_ - now : 0);
}

} // namespace perron::runtime
