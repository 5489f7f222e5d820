// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/timer.hpp>
#include <perron/supervisors/core/environment.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

namespace perron::supervisors::core {

/// The world as the process of a supervisor reaches it; lives on that process's stack, and only it calls.
class process_world final : public environment {
public:
  struct settings {
    std::string name;
    report_sink reports;                 ///< empty: log_report
    bool progress = false;               ///< report starts too
    bool may_tell_progress = true;       ///< false: never, as of dynamic children
    std::function<std::int64_t()> clock; ///< whole seconds; empty: the node's
  };

  explicit process_world(settings how) : how_(std::move(how)) {}
  ~process_world();
  process_world(const process_world&) = delete;
  process_world& operator=(const process_world&) = delete;

  runtime::result<started> start(const child_spec& spec, const arguments& given) override;
  runtime::exit_reason stop(runtime::pid who, shutdown_rule rule) override;
  void stop_together(const std::vector<doomed>& all,
                     const std::function<void(std::size_t, runtime::exit_reason)>& ended) override;
  void retry_later(std::uint64_t ticket, std::chrono::milliseconds wait) override;
  /// The retry has come.
  void retry_arrived(std::uint64_t ticket) { timers_.erase(ticket); }
  std::int64_t now_seconds() override;
  std::chrono::milliseconds now() override;
  double chance() override;
  bool alive(runtime::pid who) override;
  bool wants_progress() override;
  void tell(report::context what, const runtime::exit_reason& why, report::child offender) override;

private:
  const settings how_;
  std::unordered_map<std::uint64_t, runtime::timer_ref> timers_; ///< of retries, by ticket
};

} // namespace perron::supervisors::core
