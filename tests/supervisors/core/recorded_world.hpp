// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/core/supervision.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace perron::supervisors::core {

inline void PrintTo(verdict what, std::ostream* out) { *out << (what == verdict::stop ? "stop" : "go_on"); }

/// A world for supervision without processes: writes down what is done to it and does as the test says.
class recorded_world final : public environment {
public:
  std::vector<std::string> log;
  std::map<std::string, int> failures;                   ///< how often starting this child still fails
  std::set<std::string> ignoring;                        ///< starting these starts nothing
  std::map<std::string, runtime::exit_reason> ends_with; ///< if told to stop; otherwise as told
  std::set<runtime::pid> dead;
  std::deque<std::pair<std::uint64_t, std::chrono::milliseconds>> retries; ///< ticket, wait
  std::int64_t seconds = 1000;
  std::chrono::milliseconds time{0};
  double jitter = 0.5; ///< the middle: no jitter
  bool progress = false;

  /// What was written down since the last time.
  std::vector<std::string> take() { return std::exchange(log, {}); }

  runtime::result<started> start(const child_spec& spec, const arguments& given) override {
    if (given)
      given_to.push_back(given);
    if (int& left = failures[spec.id]; left > 0) {
      --left;
      log.push_back("fail " + spec.id);
      return runtime::error{"no"};
    }
    log.push_back("start " + spec.id);
    if (ignoring.contains(spec.id))
      return ignore;
    const runtime::pid who(nullptr, ++last_);
    ids_[who] = spec.id;
    return who;
  }

  runtime::exit_reason stop(runtime::pid who, shutdown_rule rule) override {
    const std::string& id = ids_.at(who);
    log.push_back("stop " + id);
    dead.insert(who);
    if (const auto it = ends_with.find(id); it != ends_with.end())
      return it->second;
    return rule.what() == shutdown_rule::kind::brutal_kill ? runtime::exit_reason::killed()
                                                           : runtime::exit_reason::shutdown();
  }

  void stop_together(const std::vector<doomed>& all,
                     const std::function<void(std::size_t, runtime::exit_reason)>& ended) override {
    log.push_back("together " + std::to_string(all.size()));
    for (std::size_t i = 0; i < all.size(); ++i)
      ended(i, stop(all[i].who, all[i].rule));
  }

  void retry_later(std::uint64_t ticket, std::chrono::milliseconds wait) override {
    retries.emplace_back(ticket, wait);
  }
  std::int64_t now_seconds() override { return seconds; }
  std::chrono::milliseconds now() override { return time; }
  double chance() override { return jitter; }
  bool wants_progress() override { return progress; }
  bool alive(runtime::pid who) override { return !dead.contains(who); }

  void tell(report::context what, const runtime::exit_reason& why, report::child offender) override {
    log.push_back(std::string(to_string(what)) + " " + offender.id + " (" + why.to_string() + ")");
    told.push_back(std::move(offender));
  }

  std::vector<report::child> told;
  std::vector<arguments> given_to;

private:
  std::uint64_t last_ = 0;
  std::map<runtime::pid, std::string> ids_;
};

} // namespace perron::supervisors::core
