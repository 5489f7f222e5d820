// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/process_world.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/core/random.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/report_group.hpp>
#include <perron/supervisors/core/requests.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace perron::supervisors::core {

using runtime::error;
using runtime::exit_reason;
using runtime::exited;
using runtime::pid;
using runtime::result;
using std::chrono::milliseconds;

process_world::~process_world() {
  for (auto& [ticket, timer] : timers_)
    timer.cancel();
}

result<started> process_world::start(const child_spec& spec, const arguments& given) {
  try {
    return spec.start(given);
  } catch (const runtime::core::process_exit& e) {
    // an order to this process to end is obeyed; a start function that ends "itself" has failed
    runtime::core::check_exit(runtime::detail::current());
    return error{e.reason.to_string()};
  } catch (...) {
    return error{exit_reason::from_exception(std::current_exception()).to_string()};
  }
}

namespace {

bool take_exit_of(pid who, exit_reason& why) {
  return runtime::receive(runtime::when([&](const exited& e) { return e.from == who; },
                                        [&](exited e) {
                                          why = std::move(e.reason);
                                          return true;
                                        }),
                          runtime::after(milliseconds(0), [] { return false; }));
}

exit_reason order_of(shutdown_rule rule) {
  return rule.what() == shutdown_rule::kind::brutal_kill ? exit_reason::kill() : exit_reason::shutdown();
}

} // namespace

exit_reason process_world::stop(pid who, shutdown_rule rule) {
  const runtime::monitor_ref ref = runtime::monitor(who);
  runtime::exit(who, order_of(rule));
  exit_reason why;
  const auto is_gone = runtime::when([&](const runtime::down& d) { return d.ref == ref; },
                                     [&](runtime::down d) {
                                       why = std::move(d.reason);
                                       return true;
                                     });
  bool gone = false;
  if (rule.what() == shutdown_rule::kind::timed) {
    auto in_time = is_gone;
    gone = runtime::receive(in_time, runtime::after(rule.time(), [] { return false; }));
    if (!gone)
      runtime::exit(who, exit_reason::kill());
  }
  if (!gone) {
    auto at_last = is_gone;
    runtime::receive(at_last);
  }
  // Its exit signal says best why, and came before the down message. Without one the child had cut the
  // link.
  if (!take_exit_of(who, why)) {
    runtime::unlink(who);
    take_exit_of(who, why);
  }
  return why;
}

namespace {

/// The children that are being ended together, and when the patience with each is over.
class farewell {
public:
  farewell(const std::vector<doomed>& all, milliseconds now) : all_(all) {
    left_.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const doomed& each = all[i];
      runtime::monitor(each.who);
      // From here on the monitor alone tells of its end. An exit signal that came before lies in front of the
      // down message, and says better why.
      runtime::unlink(each.who);
      runtime::exit(each.who, order_of(each.rule));
      left_.emplace(each.who, state{i, {}, false});
      if (each.rule.what() == shutdown_rule::kind::timed)
        dues_.emplace_back(now + each.rule.time(), i);
    }
    std::sort(dues_.begin(), dues_.end());
  }

  bool over() const noexcept { return left_.empty(); }

  void exit_signal(exited&& signal) {
    if (const auto it = left_.find(signal.from); it != left_.end()) {
      it->second.why = std::move(signal.reason);
      it->second.told = true;
    }
  }

  template <class F>
  void has_ended(runtime::down&& message, const F& ended) {
    const auto it = left_.find(message.who);
    if (it == left_.end())
      return;
    state was = std::move(it->second);
    left_.erase(it);
    if (!was.told)
      was.why = std::move(message.reason);
    ended(was.index, std::move(was.why));
  }

  /// How long to wait for before kill_late has something to do.
  std::chrono::nanoseconds patience(milliseconds now) const {
    if (next_due_ == dues_.size())
      return std::chrono::hours(24 * 365);
    return std::max(milliseconds(0), dues_[next_due_].first - now);
  }

  void kill_late(milliseconds now) {
    for (; next_due_ < dues_.size() && dues_[next_due_].first <= now; ++next_due_)
      if (const pid who = all_[dues_[next_due_].second].who; left_.contains(who))
        runtime::exit(who, exit_reason::kill());
  }

private:
  struct state {
    std::size_t index;
    exit_reason why;
    bool told;
  };

  const std::vector<doomed>& all_;
  std::unordered_map<pid, state> left_;
  std::vector<std::pair<milliseconds, std::size_t>> dues_; ///< in order
  std::size_t next_due_ = 0;
};

} // namespace

void process_world::stop_together(const std::vector<doomed>& all,
                                  const std::function<void(std::size_t, exit_reason)>& ended) {
  farewell those(all, now());
  // clauses by type alone: what else waits in the mailbox is looked at once, not once for each child
  while (!those.over())
    runtime::receive([&](exited&& e) { those.exit_signal(std::move(e)); },
                     [&](runtime::down&& d) { those.has_ended(std::move(d), ended); },
                     runtime::after(those.patience(now()), [&] { those.kill_late(now()); }));
}

void process_world::retry_later(std::uint64_t ticket, milliseconds wait) {
  if (wait.count() == 0)
    runtime::send(runtime::self(), retry_request{ticket});
  else
    timers_[ticket] = runtime::send_after(wait, runtime::self(), retry_request{ticket});
}

std::int64_t process_world::now_seconds() {
  constexpr std::uint64_t second = 1'000'000'000;
  return how_.clock ? how_.clock() : static_cast<std::int64_t>(runtime::core::monotonic_ns() / second);
}

milliseconds process_world::now() {
  return milliseconds(static_cast<std::int64_t>(runtime::core::monotonic_ns() / 1'000'000));
}

double process_world::chance() { return runtime::core::random_unit(); }

bool process_world::alive(pid who) { return runtime::alive(who); }

bool process_world::wants_progress() {
  return how_.may_tell_progress && (how_.progress || report_group::has_members());
}

void process_world::tell(report::context what, const exit_reason& why, report::child offender) {
  const report told{runtime::self(), how_.name, what, why, std::move(offender)};
  report_group::tell(told);
  if (what == report::context::progress && !how_.progress)
    return;
  try {
    if (how_.reports)
      how_.reports(told);
    else
      log_report(told);
  } catch (const std::exception& e) {
    log_error(std::string("a sink for supervisor reports threw: ") + e.what());
  }
}

} // namespace perron::supervisors::core
