// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/report.hpp>

#include <perron/runtime/core/clock.hpp>
#include <perron/runtime/report/rate_limit.hpp>
#include <perron/supervisors/core/log.hpp>
#include <perron/supervisors/core/report_group.hpp>

#include <nlohmann/json.hpp>

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
  case report::context::progress:
    return "progress";
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
  if (what.what != report::context::progress)
    text += "\n  reason    " + printable(what.reason.to_string());
  text += "\n  offender  '" + printable(child.id) + "'";
  if (child.who)
    text += " " + runtime::to_string(child.who);
  if (child.nb_children != 0)
    text += " (" + std::to_string(child.nb_children) + " children)";
  text += ", " + std::string(to_string(child.type)) + ", " + std::string(to_string(child.restart));
  if (child.significant)
    text += ", significant";
  text += ", shutdown " + to_string(child.shutdown);
  text += "\n  start     " + printable(child.start);
  return text;
}

std::string to_json(const report& what) {
  const report::child& child = what.offender;
  nlohmann::ordered_json offender{{"id", core::printable(child.id)}};
  if (child.who)
    offender["pid"] = runtime::to_string(child.who);
  if (child.nb_children != 0)
    offender["nb_children"] = child.nb_children;
  offender["start"] = core::printable(child.start);
  offender["restart_type"] = to_string(child.restart);
  offender["significant"] = child.significant;
  offender["shutdown"] = to_string(child.shutdown);
  offender["child_type"] = to_string(child.type);
  nlohmann::ordered_json out{{"supervisor", runtime::to_string(what.supervisor)}};
  if (!what.supervisor_name.empty())
    out["name"] = core::printable(what.supervisor_name);
  out["context"] = to_string(what.what);
  if (what.what != report::context::progress)
    out["reason"] = core::printable(what.reason.to_string());
  out["offender"] = std::move(offender);
  // bytes that are no UTF-8 become U+FFFD, since a report must not fail
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

namespace {

/// How many reports were dropped before this one, if it may be written.
std::optional<std::uint64_t> admitted() {
  static runtime::rate_limit limit(50, 100);
  return limit.admit(runtime::core::monotonic_ns());
}

void write(const report& what, const std::string& text) {
  if (what.what == report::context::progress)
    core::log_info(text);
  else
    core::log_error(text);
}

} // namespace

void log_report(const report& what) {
  const std::optional<std::uint64_t> dropped = admitted();
  if (!dropped)
    return;
  std::string text = to_text(what);
  if (*dropped != 0)
    text += "\n  before this one, " + std::to_string(*dropped) + " further supervisor reports dropped";
  write(what, text);
}

void log_report_json(const report& what) {
  const std::optional<std::uint64_t> dropped = admitted();
  if (!dropped)
    return;
  std::string text = to_json(what);
  if (*dropped != 0)
    text.insert(text.size() - 1, ",\"dropped_before\":" + std::to_string(*dropped));
  write(what, text);
}

void subscribe_reports() { core::report_group::join(); }

void unsubscribe_reports() { core::report_group::leave(); }

} // namespace perron::supervisors
