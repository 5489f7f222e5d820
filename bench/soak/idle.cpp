// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/idle.hpp>

namespace perron::soak {

void idle_activity::enter(const phase& p, std::int64_t) { next_ = p.what == phase_kind::probe ? 0 : never; }

void idle_activity::work(std::int64_t now) {
  constexpr std::uint32_t most = 64;
  if (next_ == never)
    return;
  for (auto& links = all_.links(); next_ < links.size(); ++next_) {
    link& l = links[next_];
    if (l.share != share_ || l.state != link_state::open || l.asked)
      continue;
    if (in_flight_ == most)
      return;
    ++in_flight_;
    l.step = probed;
    ask(l, now);
  }
  next_ = never;
}

bool idle_activity::crash(link& l) {
  if (l.asked)
    return false;
  l.step = crashing;
  ask(l, crash_, all_.now());
  return true;
}

void idle_activity::answered(link& l, std::string_view) {
  const std::uint8_t was = l.step;
  l.step = resting;
  in_flight_ -= was == probed ? 1U : 0U;
  const bool good = was == crashing ? l.answer.status == 500 : l.answer.status / 100 == 2;
  if (good && was == crashing)
    all_.block().crashed.add();
  if (!good)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  if (l.answer.closes)
    all_.reopen(l);
}

void idle_activity::gone(link& l) {
  in_flight_ -= l.step == probed ? 1U : 0U;
  l.step = resting;
  http_activity::gone(l);
}

} // namespace perron::soak
