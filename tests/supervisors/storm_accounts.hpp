// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "supervisors/storm_tree.hpp"

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/supervisors/report.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// What supervisors did in a storm, and whether they were right to.
namespace perron::supervisors::storm {

/// One thing a supervisor was seen to do.
struct occurrence {
  enum class kind : std::uint8_t { told, read_clock };
  kind what = kind::told;
  std::int64_t seconds = 0; ///< what the clock said
  report told{};
};

/// All that is known of one supervisor process.
struct account {
  tree_ptr plan;
  std::vector<occurrence> log{};
  std::set<std::string> touched{}; ///< children whose spec somebody may have stopped, deleted or added
  std::optional<runtime::exit_reason> end{};

  bool gave_up() const {
    return std::any_of(log.begin(), log.end(), [](const occurrence& o) {
      return o.what == occurrence::kind::told && o.told.what == report::context::shutdown;
    });
  }
};

/// For the one who looks into a failure.
inline std::string to_text(const account& what) {
  std::string out = "  " + std::string(to_string(what.plan->strategy)) + ", intensity " +
                    std::to_string(what.plan->intensity) + " in " +
                    std::to_string(what.plan->period.count()) + " s; touched:";
  for (const std::string& id : what.touched)
    out += " '" + id + "'";
  for (const occurrence& each : what.log)
    out += each.what == occurrence::kind::read_clock
               ? "\n  restarts at " + std::to_string(each.seconds)
               : "\n  " + std::string(to_string(each.told.what)) + " " + each.told.offender.id + " " +
                     std::string(to_string(each.told.offender.restart)) + " " +
                     runtime::to_string(each.told.offender.who) + ": " + each.told.reason.to_string();
  return out;
}

/// The accounts of all supervisors of a round. Any thread.
class accounts {
public:
  void opened(runtime::pid supervisor, const tree_ptr& plan) {
    const std::lock_guard hold(lock_);
    of(supervisor, plan);
  }
  void told(const tree_ptr& plan, const report& what) {
    const std::lock_guard hold(lock_);
    if (what.what == report::context::start_error || what.what == report::context::child_terminated ||
        what.what == report::context::shutdown || what.what == report::context::shutdown_error)
      of(what.supervisor, plan).log.push_back({.what = occurrence::kind::told, .told = what});
  }
  void clock_read(runtime::pid supervisor, const tree_ptr& plan, std::int64_t seconds) {
    const std::lock_guard hold(lock_);
    of(supervisor, plan).log.push_back({.what = occurrence::kind::read_clock, .seconds = seconds});
  }
  void touched(runtime::pid supervisor, const std::string& id) {
    const std::lock_guard hold(lock_);
    if (const auto at = all_.find(supervisor); at != all_.end())
      at->second.touched.insert(id);
  }
  void ended(runtime::pid supervisor, const runtime::exit_reason& why) {
    const std::lock_guard hold(lock_);
    if (const auto at = all_.find(supervisor); at != all_.end())
      at->second.end = why;
  }

  /// A copy, to be looked at in peace.
  std::map<runtime::pid, account> all() const {
    const std::lock_guard hold(lock_);
    return all_;
  }

private:
  account& of(runtime::pid supervisor, const tree_ptr& plan) {
    return all_.try_emplace(supervisor, account{.plan = plan}).first->second;
  }

  mutable std::mutex lock_;
  std::map<runtime::pid, account> all_;
};

/// Looks for what a supervisor did against the rules (otp-semantics 5.3, 5.4); empty: nothing.
///
/// It reads its clock once for each restart it is about to make, so each reading is one: of a child that has
/// ended and is to be started again, or of one whose last start has failed. When it reads more than
/// `intensity` times within `period` it has to give up at once, and at no other time.
class judge {
public:
  judge(const std::map<runtime::pid, account>& all, const account& judged) : all_(all), judged_(judged) {}

  std::string verdict() {
    for (const occurrence& each : judged_.log) {
      std::string wrong =
          each.what == occurrence::kind::read_clock ? restarts(each.seconds) : tells(each.told);
      if (!wrong.empty())
        return wrong;
    }
    if (must_give_up_)
      return "restarted more often than it may, and did not give up";
    if (must_restart_)
      return "did not restart a child, and did not give up";
    using kind = runtime::exit_reason::kind;
    if (judged_.end && judged_.end->what() != kind::shutdown && judged_.end->what() != kind::killed &&
        judged_.end->what() != kind::noproc)
      return "ended with " + judged_.end->to_string();
    return {};
  }

private:
  std::string restarts(std::int64_t now) {
    if (gave_up_ || must_give_up_)
      return "restarted after its last restart";
    if (!std::exchange(must_restart_, false) && failed_starts_-- == 0)
      return "restarted what had not ended";
    while (!times_.empty() && times_.front() < now - judged_.plan->period.count())
      times_.pop_front();
    times_.push_back(now);
    must_give_up_ = times_.size() > judged_.plan->intensity;
    return {};
  }

  std::string tells(const report& what) {
    if (must_restart_)
      return "did not restart a child at once";
    if (std::exchange(must_give_up_, false) != (what.what == report::context::shutdown))
      return what.what == report::context::shutdown ? "gave up too early" : "gave up too late";
    if (gave_up_ && what.what != report::context::shutdown_error)
      return "went on after it had given up";
    switch (what.what) {
    case report::context::child_terminated:
      must_restart_ = what.offender.restart == permanent ||
                      (what.offender.restart == transient && !what.reason.orderly());
      return ended_rightly(what);
    case report::context::start_error:
      ++failed_starts_;
      return {};
    case report::context::shutdown:
      gave_up_ = true;
      return {};
    default:
      return {};
    }
  }

  /// A supervisor ends with shutdown by itself if it gives up, or by auto_shutdown.
  std::string ended_rightly(const report& what) const {
    if (what.offender.type != child_type::supervisor ||
        what.reason.what() != runtime::exit_reason::kind::shutdown)
      return {};
    const auto child = all_.find(what.offender.who);
    if (child == all_.end())
      return "an unknown supervisor has ended below it";
    if (!child->second.gave_up() && child->second.plan->auto_shutdown == auto_shutdown_type::never)
      return "supervisor " + runtime::to_string(what.offender.who) + " below it ended without a reason to";
    return {};
  }

  const std::map<runtime::pid, account>& all_;
  const account& judged_;
  std::deque<std::int64_t> times_;
  std::size_t failed_starts_ = 0;
  bool must_restart_ = false;
  bool must_give_up_ = false;
  bool gave_up_ = false;
};

} // namespace perron::supervisors::storm
