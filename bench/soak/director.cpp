// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/director.hpp>

#include <algorithm>
#include <charconv>

namespace perron::soak {

namespace {

/// The number behind `"reached":` in a publish's answer; 0 where there is none.
std::uint64_t reached_in(std::string_view body) {
  constexpr std::string_view mark = "\"reached\":";
  const std::size_t at = body.find(mark);
  std::uint64_t reached = 0;
  if (at != std::string_view::npos)
    std::from_chars(body.data() + at + mark.size(), body.data() + body.size(), reached);
  return reached;
}

} // namespace

void post_publisher::work(std::int64_t) {
  if (mine_ == nullptr || mine_->asked)
    return;
  const bool more = said_ < all_.control().publishes.load(std::memory_order_acquire);
  const std::uint32_t repeats = all_.control().repeats.load(std::memory_order_acquire);
  if (!more && (said_ == 0 || repeats == repeated_))
    return;
  repeated_ = repeats;
  said_ += more ? 1 : 0;
  const announcement next{.sender = 0, .number = said_ - 1, .at_ns = now_ns()};
  const std::string body = body_of_(next);
  all_.block().published_ns.set(static_cast<std::uint64_t>(next.at_ns));
  ask(*mine_,
      "POST " + path_ + " HTTP/1.1\r\nHost: " + std::string(all_.host_name()) + "\r\nContent-Type: " +
          content_type_ + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
      next.at_ns);
}

void post_publisher::answered(link& l, std::string_view body) {
  if (l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "a publish: status " + std::to_string(l.answer.status));
  all_.block().reached.set(reached_in(body));
  all_.block().published.add();
  if (l.answer.closes)
    all_.reopen(l);
}

void post_publisher::gone(link& l) {
  mine_ = nullptr;
  http_activity::gone(l);
}

void ws_publisher::work(std::int64_t now) {
  ws_activity::work(now);
  if (mine_ == nullptr || said_ >= all_.control().publishes.load(std::memory_order_acquire))
    return;
  const announcement next{.sender = 0, .number = said_++, .at_ns = now_ns()};
  all_.block().published_ns.set(static_cast<std::uint64_t>(next.at_ns));
  say(*mine_, next.text());
  all_.block().published.add();
}

void prober::enter(const phase& p, std::int64_t began_ns) {
  counts_ = p.what == phase_kind::chaos  ? counts::chaos
            : p.what == phase_kind::calm ? counts::calm
            : p.what == phase_kind::hold ? counts::at_rest
                                         : counts::nowhere;
  from_ns_ = began_ns + (counts_ == counts::at_rest ? static_cast<std::int64_t>(p.seconds * 1e9 / 2) : 0);
  over_ = p.what == phase_kind::drain;
}

void prober::work(std::int64_t now) {
  if (over_)
    due_ = {never_ns, 0};
  else if (due_.began_ns == never_ns && !free_.empty())
    due_ = {now, rate_};
  while (!free_.empty() && due_.due(now) > asked_) {
    link& l = all_.links()[free_.front()];
    free_.pop_front();
    const std::int64_t due = due_.when(asked_++);
    l.step = static_cast<std::uint8_t>(due >= from_ns_ ? counts_ : counts::nowhere);
    ask(l, due);
  }
}

std::int64_t prober::due_ns() const {
  return free_.empty() || due_.began_ns == never_ns ? never_ns : due_.when(asked_);
}

void prober::answered(link& l, std::string_view) {
  const auto took = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ns() - l.due_ns, 0));
  switch (static_cast<counts>(l.step)) {
  case counts::nowhere:
    break;
  case counts::at_rest:
    all_.block().probe_rest.record(took);
    break;
  case counts::calm:
    all_.block().probe_calm.record(took);
    break;
  case counts::chaos:
    all_.block().probe_chaos.record(took);
    break;
  }
  if (l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "a probe: status " + std::to_string(l.answer.status));
  if (l.answer.closes)
    return all_.reopen(l);
  free_.push_back(all_.index_of(l));
}

void prober::gone(link& l) {
  std::erase(free_, all_.index_of(l));
  http_activity::gone(l);
}

} // namespace perron::soak
