// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/group.hpp>

#include <perron/runtime/core/group_table.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/process.hpp>

namespace perron::runtime {

void join_group(const std::string& group) {
  core::process& me = detail::current();
  me.grouped = true;
  me.sched->groups->join(group, me.self());
}

bool leave_group(std::string_view group) {
  core::process& me = detail::current();
  return me.sched->groups->leave(group, me.self());
}

std::vector<pid> group_members(std::string_view group) {
  return detail::current_scheduler().groups->members(group);
}

void watch_group(const std::string& group) {
  core::process& me = detail::current();
  me.grouped = true;
  me.sched->groups->watch(group, me.self());
}

void unwatch_group(std::string_view group) {
  core::process& me = detail::current();
  me.sched->groups->unwatch(group, me.self());
}

} // namespace perron::runtime
