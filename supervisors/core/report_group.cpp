// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/report_group.hpp>

#include <perron/runtime/group.hpp>

namespace perron::supervisors::core {

namespace {
constexpr const char* group = "perron.supervisor_reports";
}

void report_group::join() {
  leave(); // once is enough
  runtime::join_group(group);
}

void report_group::leave() {
  while (runtime::leave_group(group)) {
  }
}

bool report_group::has_members() { return !runtime::group_members(group).empty(); }

void report_group::tell(const report& what) { runtime::broadcast(group, what); }

} // namespace perron::supervisors::core
