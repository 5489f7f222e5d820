// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/requests.hpp>

#include <algorithm>

namespace perron::soak {

void requests_activity::opened(link& l) { next(l); }

/// The link has no question out.
void requests_activity::next(link& l) {
  if (rate_ > 0)
    free_.push_back(all_.index_of(l));
  else if (running_ && l.step == to_crash) {
    l.step = crashing;
    ask(l, crash_, now_ns());
  } else if (running_)
    ask(l, now_ns());
}

void requests_activity::enter(const phase& p, std::int64_t) {
  const bool before = running_;
  running_ = p.what == phase_kind::hold || p.what == phase_kind::chaos;
  if (!running_) {
    due_ = {never_ns, 0};
    return;
  }
  if (before)
    return;
  due_ = {all_.now(), rate_};
  asked_ = 0;
  if (rate_ <= 0)
    for (link& l : all_.links())
      if (l.share == share_ && l.state == link_state::open && !l.asked)
        next(l);
}

void requests_activity::work(std::int64_t now) {
  if (rate_ <= 0)
    return;
  while (!free_.empty() && due_.due(now) > asked_) {
    link& l = all_.links()[free_.front()];
    free_.pop_front();
    const bool crashes = l.step == to_crash;
    l.step = crashes ? crashing : usual;
    ask(l, crashes ? crash_ : request_, due_.when(asked_++));
  }
}

std::int64_t requests_activity::due_ns() const {
  return rate_ <= 0 || free_.empty() || due_.began_ns == never_ns ? never_ns : due_.when(asked_);
}

bool requests_activity::crash(link& l) {
  if (l.step != usual)
    return false;
  l.step = to_crash;
  return true;
}

void requests_activity::answered(link& l, std::string_view) {
  const bool crashed = l.step == crashing;
  if (crashed)
    l.step = usual;
  if (crashed ? l.answer.status != 500 : l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  if (crashed)
    all_.block().crashed.add();
  if (l.answer.closes)
    all_.reopen(l);
  else
    next(l);
}

void requests_activity::gone(link& l) {
  if (rate_ > 0)
    std::erase(free_, all_.index_of(l));
  http_activity::gone(l);
}

} // namespace perron::soak
