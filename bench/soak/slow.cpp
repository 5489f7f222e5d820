// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/slow.hpp>

#include <algorithm>

namespace perron::soak {

namespace {

std::size_t piece_of(double read_rate) {
  return static_cast<std::size_t>(std::clamp(read_rate / 4, 1.0, 65'536.0));
}

} // namespace

slow_activity::slow_activity(connections& all, const std::string& path, std::uint8_t share,
                             std::uint32_t links, double read_rate)
    : http_activity(all, path, bodies::skipped, times::untaken), share_(share), piece_(piece_of(read_rate)),
      reads_a_second_(links * read_rate / static_cast<double>(piece_)) {}

void slow_activity::opened(link& l) {
  l.muted = true;
  ask(l, all_.now());
}

void slow_activity::enter(const phase&, std::int64_t) {
  if (reads_.began_ns == never_ns && reads_a_second_ > 0)
    reads_ = {all_.now(), reads_a_second_};
}

/// The links of the share are read from in turn.
void slow_activity::work(std::int64_t now) {
  auto& links = all_.links();
  for (const std::uint64_t due = reads_.due(now); read_ < due; ++read_) {
    std::size_t looked = 0;
    do
      cursor_ = (cursor_ + 1) % links.size();
    while (links[cursor_].share != share_ && ++looked < links.size());
    if (link& l = links[cursor_]; l.share == share_ && l.state == link_state::open && l.muted)
      all_.read_some(l, piece_);
  }
}

void slow_activity::answered(link& l, std::string_view) {
  if (l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  if (l.answer.closes)
    all_.reopen(l);
  else
    ask(l, all_.now());
}

} // namespace perron::soak
