// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/report.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace perron::supervisors::core {

/// A child that is to be ended together with others.
struct doomed {
  runtime::pid who;
  shutdown_rule rule;
};

/// What the decisions of a supervisor do to the world. Called only from within their own calls.
class environment {
public:
  /// Runs the start function of a spec; exceptions have become errors. May take as long as it likes.
  virtual runtime::result<started> start(const child_spec& spec, const arguments& given) = 0;
  /// Ends a child and waits for it; gives the reason it ended with (otp-semantics 5.6).
  virtual runtime::exit_reason stop(runtime::pid who, shutdown_rule rule) = 0;
  /// Ends all these at once and waits for them, each by its rule; tells the reason of each as it ends, by its
  /// place in the list.
  virtual void stop_together(const std::vector<doomed>& all,
                             const std::function<void(std::size_t, runtime::exit_reason)>& ended) = 0;
  /// Calls retry(ticket) when the wait is over; after everything that waits now, so that it gets in between.
  virtual void retry_later(std::uint64_t ticket, std::chrono::milliseconds wait) = 0;
  virtual std::int64_t now_seconds() = 0;
  /// Of a clock that does not go back, for back-off.
  virtual std::chrono::milliseconds now() = 0;
  /// From 0 to 1, for jitter.
  virtual double chance() = 0;
  virtual bool alive(runtime::pid who) = 0;
  /// Whether anybody wants to hear of starts.
  virtual bool wants_progress() = 0;
  virtual void tell(report::context what, const runtime::exit_reason& why, report::child offender) = 0;

protected:
  ~environment() = default;
};

} // namespace perron::supervisors::core
