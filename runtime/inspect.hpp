// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/process.hpp>
#include <perron/runtime/node.hpp>
#include <perron/runtime/pid.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Looking at the processes of a running node (OTP: processes/0, process_info/1). From any thread of the
/// node; processes are not stopped for it, so figures of one that runs are a moment's picture.
namespace perron::runtime {

using process_state = core::process_state;
using wait_kind = core::wait_kind;

std::string_view to_string(process_state state) noexcept;
std::string_view to_string(wait_kind what) noexcept;

/// What is known about one process.
struct process_info {
  pid who;
  std::string name; ///< empty if it has none
  process_state state = process_state::free;
  wait_kind waits_for = wait_kind::none; ///< while state is waiting
  std::size_t mailbox = 0;               ///< messages that wait, taken in or not
  std::uint64_t reductions = 0;          ///< messages, spawns and I/O operations of finished turns
  int worker = -1;                       ///< the only one it may run on, or -1

  /// The rest belongs to the process and can be read only while it is parked, or by itself; it is left empty
  /// and `complete` false for one that runs or is queued at the moment of asking.
  bool complete = false;
  bool trap_exit = false;
  std::vector<pid> links;
  std::vector<pid> monitors;   ///< whom it watches
  std::vector<pid> watchers;   ///< who watches it, waiting callers included
  std::vector<pid> ancestors;  ///< parent first, three at most
  std::string initial;         ///< the type of the function it was spawned with
  std::size_t stack_bytes = 0; ///< in memory now: how deep the stack was used since its pages were given back
  std::size_t memory = 0;      ///< record and stack; without messages and what it has allocated itself
};

/// All processes, in no order. Costs a look at every slot, about 1 ns each.
std::vector<pid> processes();

/// One process; nothing if it has ended. A parked one is held for a microsecond.
std::optional<process_info> info(pid who);

/// Messages that wait in its mailbox, as process_info has them; 0 if it has ended. Costs two loads: for who
/// sends much to many, and would rather leave out, or end, one that is behind than fill its mailbox.
///
///     for (const pid member : group_members("room"))
///       if (mails_waiting(member) < 1000)
///         send(member, news);
std::size_t mails_waiting(pid who) noexcept;

} // namespace perron::runtime
