// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/report.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/report/rate_limit.hpp>
#include <perron/supervisors/core/log.hpp>

#include <optional>

namespace perron::supervisors {

std::string to_string(shutdown_rule rule) {
  switch (rule.what()) {
  case shutdown_rule::kind::by_type:
    return "by type";
  case shutdown_rule::kind::timed:
    return std::to_string(rule.time().count()) + " ms";
  case shutdown_rule::kind::brutal_kill:
    return "brutal_kill";
  case shutdown_rule::kind::infinity:
    return "infinity";
  }
  return "unknown";
}

std::string_view to_string(restart_type type) noexcept {
  switch (type) {
  case restart_type::permanent:
    return "permanent";
  case restart_type::transient:
    return "transient";
  case restart_type::temporary:
    return "temporary";
  }
  return "unknown";
}

std::string_view to_string(child_type type) noexcept {
  return type == child_type::supervisor ? "supervisor" : "worker";
}

std::string_view to_string(report::context what) noexcept {
  switch (what) {
  case report::context::start_error:
    return "start_error";
  case report::context::child_terminated:
    return "child_terminated";
  case report::context::shutdown:
    return "shutdown";
  case report::context::shutdown_error:
    return "shutdown_error";
  }
  return "unknown";
}

std::string to_text(const report& what) {
  using core::printable;
  const report::child& child = what.offender;
  std::string text = "supervisor " + runtime::to_string(what.supervisor);
  if (!what.supervisor_name.empty())
    text += " '" + printable(what.supervisor_name) + "'";
  text += ": " + std::string(to_string(what.what));
  text += "\n  reason    " + printable(what.reason.to_string());
  text += "\n  offender  '" + printable(child.id) + "'";
  if (child.who)
    text += " " + runtime::to_string(child.who);
  text += ", " + std::string(to_string(child.type)) + ", " + std::string(to_string(child.restart));
  if (child.significant)
    text += ", significant";
  text += ", shutdown " + to_string(child.shutdown);
  text += "\n  start     " + printable(child.start);
  return text;
}

void log_report(const report& what) {
  static runtime::rate_limit limit(50, 100);
  const std::optional<std::uint64_t> dropped = limit.admit(runtime::core::monotonic_ns());
  if (!dropped)
    return;
  std::string text = to_text(what);
  if (*dropped != 0)
    text += "\n  before this one, " + std::to_string(*dropped) + " further supervisor reports dropped";
  core::log_error(text);
}

} // namespace perron::supervisors
