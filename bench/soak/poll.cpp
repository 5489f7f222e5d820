// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/poll.hpp>

namespace perron::soak {

void poll_activity::opened(link& l) {
  l.next = all_.control().publishes.load(std::memory_order_acquire);
  wait(l);
}

void poll_activity::wait(link& l) {
  ask(l, all_.now());
  listening_.begin(l);
}

void poll_activity::answered(link& l, std::string_view body) {
  listening_.end(l);
  if (l.answer.status == 500 && all_.accidents_happen())
    all_.block().crashed.add();
  else if (l.answer.status != 200)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  else if (const auto what = announcement::in(body); what && what->sender == 0 && what->number < l.next)
    ; // said again, for others
  else if (!listening_.heard(l, body))
    return all_.fail(l, error_kind::bad_answer, "a poll's answer that is not what was published");
  if (l.answer.closes)
    all_.reopen(l);
  else if (l.next < publishes_ || l.answer.status == 500)
    wait(l);
}

} // namespace perron::soak
