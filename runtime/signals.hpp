// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>

namespace perron::runtime {

/// Mail: a monitored process has ended, or did not exist (reason noproc). Comes once for each monitor().
/// OTP: {'DOWN', Ref, process, Pid, Reason}.
struct down {
  monitor_ref ref;
  pid who;
  exit_reason reason;
};

/// Mail, for a process that traps exits: a linked process has ended, or somebody sent exit(). OTP: {'EXIT',
/// Pid, Reason}. A process that does not trap exits is ended by abnormal ones instead.
struct exited {
  pid from;
  exit_reason reason;
};

} // namespace perron::runtime
