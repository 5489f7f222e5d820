// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/client_process.hpp>

#include <perron/bench/soak/activities.hpp>
#include <perron/bench/soak/source_addresses.hpp>

#include <algorithm>
#include <numeric>

namespace perron::soak {

namespace {

connections::settings settings_of(const soak_options& o, const assignment& mine) {
  const std::uint32_t host = parse_address(o.host).value();
  return {.host = host,
          .port = o.port,
          .sources = parse_sources(o.sources, host).value(),
          .process = mine.process,
          .first = mine.first,
          .opening = std::max(o.opening / mine.processes, 4U),
          .patience_ns = static_cast<std::int64_t>(o.patience * 1e9),
          .greeting = o.greeting};
}

} // namespace

std::uint64_t assignment::total() const {
  return std::accumulate(links.begin(), links.end(), std::uint64_t{0});
}

std::vector<assignment> deal_out(const scenario& s, std::uint32_t per_process) {
  const std::uint64_t all = connections_of(s);
  const auto processes =
      static_cast<unsigned>(std::max<std::uint64_t>((all + per_process - 1) / per_process, 1));
  std::vector<assignment> dealt(processes);
  for (unsigned i = 0; i < processes; ++i) {
    dealt[i].process = i;
    dealt[i].processes = processes;
    dealt[i].first = i == 0 ? 0 : dealt[i - 1].first + dealt[i - 1].total();
    for (const share& each : s.shares) {
      const std::uint64_t unit = each.what == mode::chat ? each.room : 1;
      const std::uint64_t units = each.connections / unit;
      dealt[i].links.push_back(
          static_cast<std::uint32_t>(unit * (units * (i + 1) / processes - units * i / processes)));
    }
  }
  assignment director;
  director.process = processes;
  director.first = all;
  director.directs = true;
  dealt.push_back(director);
  return dealt;
}

client_process::client_process(const soak_options& options, const assignment& mine,
                               const control_block& control, shared_block& block, int wakeup)
    : run_(options.run), control_(control), block_(block), processes_(mine.processes), directs_(mine.directs),
      probes_(options.probes > 0), all_(settings_of(options, mine), control, block), dice_(mine.process + 1) {
  if (mine.directs)
    activities_ = direct(run_, options.probes, all_);
  for (std::size_t i = 0; i < mine.links.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    activities_.push_back(make_activity(run_, number, mine.links[i], processes_, all_));
    all_.add(number, mine.links[i], *activities_.back(), run_.shares[i].what == mode::churn);
  }
  all_.watch(wakeup);
}

void client_process::run() {
  while (!draining_ || drained_ < all_.links().size()) {
    hear();
    std::int64_t next = all_.work();
    for (const auto& each : activities_) {
      each->work(all_.now());
      next = std::min(next, each->due_ns());
    }
    next = std::min(next, make_accidents());
    if (draining_) {
      drain();
      next = 0;
    }
    const auto finished = [](const auto& each) { return each->finished(); };
    if (phase_ != 0 && block_.phase_done.get() != phase_ &&
        (run_.phases[phase_ - 1].what != phase_kind::ramp || all_.all_open()) &&
        std::all_of(activities_.begin(), activities_.end(), finished))
      block_.phase_done.set(phase_);
    all_.wait(next);
  }
  block_.phase_done.set(run_.phases.size());
}

void client_process::hear() {
  const bool ending = control_.ending.load(std::memory_order_acquire);
  const std::uint32_t begun = control_.phases_begun.load(std::memory_order_acquire);
  if (begun != phase_)
    enter(begun);
  if (ending && !draining_) {
    draining_ = true;
    all_.stop_opening();
  }
}

void client_process::enter(std::uint32_t number) {
  phase_ = number;
  const phase& now = run_.phases[number - 1];
  const std::int64_t began = control_.phase_began_ns.load(std::memory_order_relaxed);
  const double mine = 1.0 / static_cast<double>(processes_);
  const bool asks =
      now.what != phase_kind::hold || std::any_of(run_.shares.begin(), run_.shares.end(), [](const share& s) {
        return s.what == mode::requests || s.what == mode::churn;
      });
  all_.watch_answers(asks || (directs_ && probes_));
  crashes_ = leavings_ = {never_ns, 0};
  crashed_ = left_ = 0;
  switch (now.what) {
  case phase_kind::ramp:
    all_.begin_ramp({began, directs_ ? 0 : now.rate * mine});
    break;
  case phase_kind::calm:
  case phase_kind::chaos:
    calm_ = now.what == phase_kind::calm;
    all_.expect_accidents(now.wrong.crash > 0 && !calm_);
    if (directs_)
      break;
    if (now.wrong.crash > 0)
      crashes_ = {began, now.wrong.crash * static_cast<double>(all_.links().size())};
    if (now.wrong.vanish > 0)
      leavings_ = {began, now.wrong.vanish * static_cast<double>(all_.links().size())};
    break;
  case phase_kind::drain:
    draining_ = true;
    all_.stop_opening();
    break;
  default:
    break;
  }
  for (const auto& each : activities_)
    each->enter(now, began);
}

void client_process::drain() {
  constexpr std::size_t at_once = 500;
  auto& links = all_.links();
  for (std::size_t i = 0; i < at_once && drained_ < links.size(); ++i, ++drained_)
    if (link& l = links[drained_]; l.state != link_state::closed) {
      if (l.state == link_state::open)
        activities_[l.share]->leave(l);
      all_.close(l);
    }
}

/// Links are picked by chance; one that cannot crash now is passed over. In calm they do what is as much
/// work, and goes well.
std::int64_t client_process::make_accidents() {
  auto& links = all_.links();
  if (links.empty())
    return never_ns;
  const auto any = [&]() -> link& {
    dice_ = dice_ * 6364136223846793005U + 1442695040888963407U;
    return links[(dice_ >> 33U) % links.size()];
  };
  constexpr int tries = 8;
  for (const std::uint64_t due = crashes_.due(all_.now()); crashed_ < due && crashes_.began_ns != never_ns;
       ++crashed_)
    for (int i = 0; i < tries; ++i)
      if (link& l = any(); l.state == link_state::open &&
                           (calm_ ? activities_[l.share]->ask_once(l) : activities_[l.share]->crash(l)))
        break;
  for (const std::uint64_t due = leavings_.due(all_.now()); left_ < due && leavings_.began_ns != never_ns;
       ++left_)
    for (int i = 0; i < tries; ++i)
      if (link& l = any(); l.state == link_state::open) {
        if (calm_)
          all_.say_goodbye(l);
        else
          all_.vanish(l, left_ % 2 == 0);
        break;
      }
  const auto when = [](const ramp& r, std::uint64_t n) {
    return r.began_ns == never_ns ? never_ns : r.when(n);
  };
  return std::min(when(crashes_, crashed_), when(leavings_, left_));
}

} // namespace perron::soak
