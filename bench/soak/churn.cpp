// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/churn.hpp>

#include <algorithm>

namespace perron::soak {

namespace {
enum step : std::uint8_t { under_way, answered_well };
}

void churn_activity::enter(const phase& p, std::int64_t) {
  const bool before = running_;
  running_ = p.what == phase_kind::hold || p.what == phase_kind::chaos;
  if (!running_ || before)
    return;
  due_ = {all_.now(), rate_};
  begun_ = 0;
  rests_.clear();
  free_.clear();
  for (const link& l : all_.links())
    if (l.share == share_ && l.state == link_state::closed)
      free_.push_back(all_.index_of(l));
}

void churn_activity::work(std::int64_t now) {
  if (!running_)
    return;
  for (; !rests_.empty() && rests_.front().until_ns <= now; rests_.pop_front())
    free_.push_back(rests_.front().index);
  // As many as are free now: one that fails at once comes back only after a rest, but rather be sure.
  for (std::size_t most = free_.size(); most != 0 && !free_.empty() && due_.due(now) > begun_;
       --most, ++begun_) {
    link& l = all_.links()[free_.back()];
    free_.pop_back();
    all_.open(l);
    if (l.fd >= 0 && rate_ > 0)
      l.due_ns = due_.when(begun_);
  }
}

std::int64_t churn_activity::due_ns() const {
  if (!running_)
    return never_ns;
  const std::int64_t next = free_.empty() ? never_ns : due_.when(begun_);
  return rests_.empty() ? next : std::min(next, rests_.front().until_ns);
}

void churn_activity::answered(link& l, std::string_view) {
  if (l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  l.step = answered_well;
  all_.close(l);
}

bool churn_activity::expected_end(link& l) {
  if (!ended_whole(l))
    return false;
  l.step = answered_well;
  return true;
}

void churn_activity::gone(link& l) {
  constexpr std::int64_t rest_ns = 100'000'000;
  if (l.step == answered_well)
    free_.push_back(all_.index_of(l));
  else
    rests_.push_back({all_.now() + rest_ns, all_.index_of(l)});
  http_activity::gone(l);
}

} // namespace perron::soak
