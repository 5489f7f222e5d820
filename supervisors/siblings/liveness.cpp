// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings/liveness.hpp>

#include <algorithm>

namespace perron::siblings::core {

bool liveness::ask(time now) {
  if (!full_)
    sign_ = now;
  asked_ = true;
  asked_at_ = now;
  ping_at_.reset();
  ++number_;
  return true;
}

bool liveness::sent(time now) {
  if (asked_ || ping_at_)
    return false;
  if (!asked_at_ || now - *asked_at_ >= pause)
    return ask(now);
  ping_at_ = *asked_at_ + pause;
  return false;
}

bool liveness::is_ping_due(time now) { return ping_at_ && *ping_at_ <= now && ask(now); }

void liveness::took(bool more, time now) {
  sign_ = now;
  full_ = more;
}

void liveness::stuck(time now) {
  if (full_)
    return;
  full_ = true;
  if (!asked_)
    sign_ = now;
}

void liveness::pong(std::uint64_t number, time now) {
  if (number != number_)
    return;
  asked_ = false;
  sign_ = now;
}

void liveness::excuse(time now) {
  if (asked_ && !full_)
    sign_ = now;
}

std::optional<liveness::time> liveness::due() const {
  if (asked_ || full_)
    return sign_ + limit_;
  return std::nullopt;
}

std::optional<liveness::time> liveness::next() const {
  const std::optional<time> overdue = due();
  if (overdue && ping_at_)
    return std::min(*overdue, *ping_at_);
  return overdue ? overdue : ping_at_;
}

} // namespace perron::siblings::core
