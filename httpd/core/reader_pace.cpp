// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/reader_pace.hpp>

#include <algorithm>

namespace perron::httpd::core {

using std::chrono::milliseconds;

milliseconds reader_pace::may_wait() const noexcept {
  // one that is as fast as it must be, and no faster, is not to be looked at all the time
  constexpr milliseconds not_more_often_than{1'000};
  constexpr milliseconds least{1};
  milliseconds time = limits_.write_time - idle_;
  if (has_rate())
    time = std::min(time, std::max(limits_.grace - behind_, std::min(limits_.grace, not_more_often_than)));
  return std::max(time, least);
}

bool reader_pace::took(std::uint64_t bytes, milliseconds waited) noexcept {
  idle_ = bytes != 0 ? milliseconds(0) : idle_ + waited;
  if (idle_ != milliseconds(0) && idle_ >= limits_.write_time)
    return false;
  if (!has_rate())
    return true;
  behind_ += waited;
  const std::uint64_t rate = limits_.min_rate;
  const std::uint64_t earned = bytes / rate * 1000 + bytes % rate * 1000 / rate;
  behind_ -= earned < static_cast<std::uint64_t>(behind_.count()) ? milliseconds(earned) : behind_;
  return behind_ <= limits_.grace;
}

} // namespace perron::httpd::core
