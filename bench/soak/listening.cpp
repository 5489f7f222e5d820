// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/listening.hpp>

#include <algorithm>

namespace perron::soak {

void listening::begin(link& l) {
  if (!l.listens)
    all_.block().listening.add();
  l.listens = true;
}

void listening::end(link& l) {
  if (l.listens)
    all_.block().listening.take();
  l.listens = false;
}

bool listening::heard(link& l, std::string_view text) {
  const auto what = announcement::in(text);
  if (!what || what->sender != 0)
    return false;
  shared_block& block = all_.block();
  const std::int64_t now = now_ns();
  if (what->number < l.next) {
    all_.count_error(error_kind::repeated_message, text.substr(0, 100));
    return true;
  }
  if (what->number > l.next)
    for (std::uint32_t i = l.next; i < what->number; ++i)
      all_.count_error(error_kind::lost_message, "a later one came");
  l.next = what->number + 1;
  block.messages.add();
  block.heard.add();
  block.heard_last_ns.set(static_cast<std::uint64_t>(now));
  block.publish.record(static_cast<std::uint64_t>(std::max<std::int64_t>(now - what->at_ns, 0)));
  return true;
}

void listening::enter(const phase& next) {
  const std::uint32_t said = all_.control().publishes.load(std::memory_order_acquire);
  if (publishing_)
    for (link& l : all_.links())
      if (l.share == share_ && l.listens && l.next < said) {
        all_.count_error(error_kind::lost_message, "it did not come within the patience");
        l.next = said;
      }
  ramping_ = next.what == phase_kind::ramp;
  publishing_ = next.what == phase_kind::publish;
}

bool listening::all_listen() const {
  const auto& links = all_.links();
  return std::all_of(links.begin(), links.end(),
                     [this](const link& l) { return l.share != share_ || l.listens; });
}

} // namespace perron::soak
