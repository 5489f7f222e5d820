// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/child_spec.hpp>
#include <perron/supervisors/report.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Supervisors: processes that start other processes, start them again when they crash, and stop them in
/// order. The rules are OTP's (otp-semantics 5.1 to 5.9). All functions here are to be called by a process.
namespace perron::supervisors {

/// Who is started again when one child has crashed (otp-semantics 5.5).
enum class strategy_type : std::uint8_t {
  one_for_one, ///< that one
  one_for_all, ///< all of them: the others are ended first, in reverse order of start
  rest_for_one ///< that one and those started after it
};
using enum strategy_type;
std::string_view to_string(strategy_type strategy) noexcept;

/// Whether the end of significant children stops the supervisor, with reason shutdown. Do not start such a
/// supervisor as a permanent child.
enum class auto_shutdown_type : std::uint8_t { never, any_significant, all_significant };

/// How a supervisor works. The defaults are OTP's.
struct supervisor_options {
  std::string name{}; ///< registered; empty: none
  strategy_type strategy = one_for_one;

  /// With more than `intensity` restarts within `period` it gives up: ends all children and itself. Size the
  /// period for the rate one can live with, the intensity for a burst. Failed attempts count; levels
  /// multiply.
  std::uint32_t intensity = 1;
  std::chrono::seconds period{5};

  auto_shutdown_type auto_shutdown = auto_shutdown_type::never;

  /// Where reports go; empty: log_report.
  report_sink reports{};
  /// Whole seconds of a clock that does not go back; empty: the node's. Tests put their own in here.
  std::function<std::int64_t()> clock{};
};

/// Whether the options and specs may be started: ids and start functions present, no id twice, a period above
/// zero, significant only where it means something. The error names the child. Any thread, or none.
runtime::result<void> check(const supervisor_options& options, const std::vector<child_spec>& children);

/// Starts a supervisor, linked to the caller, and returns when all its children have started, one after the
/// other as listed; waits without limit. If one fails, those before it are ended in reverse order and the
/// error tells which and why; a caller that does not trap exits is ended by that, through the link, with
/// reason shutdown.
///
/// It ends with its parent, or when the parent sends it an exit signal (to order one to stop, send shutdown),
/// by itself when it gives up (reason shutdown), and never by others' signals, save kill. Before it ends it
/// stops its children, the last one first.
runtime::result<runtime::pid> start_supervisor(supervisor_options options, std::vector<child_spec> children);

/// A child that is itself a supervisor.
child_spec supervisor_child(child_spec spec, supervisor_options options, std::vector<child_spec> children);
child_spec supervisor_child(std::string id, supervisor_options options, std::vector<child_spec> children);

/// What a supervisor says to a call that names a child. True in a condition if it did what was asked.
struct answer {
  enum class kind : std::uint8_t {
    ok,
    not_found,       ///< no child of that id
    running,         ///< it runs, so it can be neither restarted nor deleted
    restarting,      ///< it failed to start again and is about to be tried once more
    already_started, ///< start_child: the id is taken by a child that runs; `who` is it
    already_present, ///< start_child: the id is taken by a child that does not run; restart or delete it
    bad_spec,        ///< start_child: see check()
    start_failed,    ///< the child did not start; a new spec is forgotten
    unreachable ///< no supervisor answered: it is gone, ends, or the deadline of a call being served is over
  };
  kind what = kind::ok;
  runtime::pid who{}; ///< the child that runs now; empty if none does
  std::string why{};  ///< more, for people

  explicit operator bool() const noexcept { return what == kind::ok; }
  friend bool operator==(const answer&, const answer&) = default;
};
std::string_view to_string(answer::kind what) noexcept;

/// What follows waits for the supervisor without limit, also while it starts or stops another child. A child
/// that makes its own supervisor end it by such a call waits for itself, until it is killed.

/// Starts one more child, as if it had stood at the end of the list; it is forgotten when the supervisor is
/// started anew. The cost does not depend on the number of children. An ignored start is ok without a pid.
answer start_child(runtime::pid supervisor, child_spec spec);
/// Ends a child. Its spec stays unless it is temporary. Ok if it does not run.
answer terminate_child(runtime::pid supervisor, std::string_view id);
/// Starts a child that does not run; not counted in the intensity.
answer restart_child(runtime::pid supervisor, std::string_view id);
/// Forgets a child that does not run.
answer delete_child(runtime::pid supervisor, std::string_view id);

/// One line of which_children.
struct child_info {
  enum class state_type : std::uint8_t { running, restarting, stopped };
  std::string id;
  runtime::pid who;
  state_type state = state_type::stopped;
  child_type type = child_type::worker;

  friend bool operator==(const child_info&, const child_info&) = default;
};
/// All children; their order is not promised. Costs a copy of each id, while the supervisor waits.
runtime::result<std::vector<child_info>> which_children(runtime::pid supervisor);

struct child_counts {
  std::size_t specs = 0;
  std::size_t active = 0;      ///< have a process that is alive
  std::size_t supervisors = 0; ///< running or not
  std::size_t workers = 0;

  friend bool operator==(const child_counts&, const child_counts&) = default;
};
/// Walks all children.
runtime::result<child_counts> count_children(runtime::pid supervisor);

/// The spec of a child; error not_found.
runtime::result<child_spec> get_child_spec(runtime::pid supervisor, std::string_view id);

} // namespace perron::supervisors
