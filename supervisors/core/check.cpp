// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/check.hpp>

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace perron::supervisors {

using runtime::error;
using runtime::result;

namespace core {

result<void> check_child(const child_spec& spec, auto_shutdown_type auto_shutdown, bool by_id) {
  const auto wrong = [&](const char* what) { return error{"child '" + spec.id + "': " + what}; };
  if (by_id && spec.id.empty())
    return error{"missing_id: a child has no id"};
  if (!spec.start)
    return wrong("missing_start: it has no start function");
  if (spec.significant && spec.restart == permanent)
    return wrong("bad_combination: significant with restart permanent, which would never end anything");
  if (spec.significant && auto_shutdown == auto_shutdown_type::never)
    return wrong("bad_combination: significant under a supervisor with auto_shutdown never");
  if (spec.shutdown.what() == shutdown_rule::kind::timed && spec.shutdown.time().count() < 0)
    return wrong("invalid_shutdown: the time is negative");
  const back_off& wait = spec.back_off;
  if (wait.initial.count() < 0 || !(wait.factor >= 1) || !(wait.jitter >= 0 && wait.jitter <= 1))
    return wrong("invalid_back_off: initial below 0, factor below 1, or jitter not from 0 to 1");
  return {};
}

result<void> check_period(std::chrono::seconds period) {
  if (period.count() <= 0)
    return error{"invalid_period: it must be one second or more"};
  return {};
}

} // namespace core

result<void> check(const supervisor_options& options, const std::vector<child_spec>& children) {
  if (result<void> good = core::check_period(options.period); !good)
    return good;
  if (options.strategy == simple_one_for_one && children.size() != 1)
    return error{"bad_start_spec: a simple_one_for_one supervisor has just one template, not " +
                 std::to_string(children.size())};
  std::unordered_set<std::string_view> ids;
  for (const child_spec& each : children) {
    if (result<void> good = core::check_child(each, options.auto_shutdown, true); !good)
      return good;
    if (!ids.insert(each.id).second)
      return error{"duplicate_child_name: two children have the id '" + each.id + "'"};
  }
  return {};
}

} // namespace perron::supervisors
