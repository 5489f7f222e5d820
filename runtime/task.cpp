// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/task.hpp>

#include <cerrno>

namespace perron::runtime::detail {

void end_task(pid who, bool linked) {
  if (linked && self_or_none())
    unlink(who);
  exit(who, exit_reason::shutdown());
}

bool ended_as_told(const error& why) {
  return why.code == ESRCH &&
         (why.text == exit_reason::shutdown().to_string() || why.text == exit_reason::killed().to_string());
}

} // namespace perron::runtime::detail
