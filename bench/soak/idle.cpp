// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/idle.hpp>

#include <cstdint>
#include <utility>

namespace perron::soak {

namespace {

// link::step
constexpr std::uint8_t usual = 0;
constexpr std::uint8_t crashing = 1;

} // namespace

void idle_activity::enter(const phase& p, std::int64_t) {
  if (p.what == phase_kind::probe)
    probe_.begin();
  else
    probe_.stop();
}

void idle_activity::work(std::int64_t now) {
  probe_.go_on([&](link& l) { ask(l, now); });
}

bool idle_activity::crash(link& l) {
  if (l.asked)
    return false;
  l.step = crashing;
  ask(l, crash_, all_.now());
  return true;
}

bool idle_activity::ask_once(link& l) {
  if (l.asked)
    return false;
  ask(l, all_.now());
  return true;
}

void idle_activity::answered(link& l, std::string_view) {
  probe_.ended(l);
  const bool crashed = std::exchange(l.step, usual) == crashing;
  if (crashed ? l.answer.status != 500 : l.answer.status / 100 != 2)
    return all_.fail(l, error_kind::bad_answer, "status " + std::to_string(l.answer.status));
  if (crashed)
    all_.block().crashed.add();
  if (l.answer.closes)
    all_.reopen(l);
}

void idle_activity::gone(link& l) {
  probe_.ended(l);
  l.step = usual;
  http_activity::gone(l);
}

} // namespace perron::soak
