// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
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
  one_for_one,  ///< that one
  one_for_all,  ///< all of them: the others are ended first, in reverse order of start
  rest_for_one, ///< that one and those started after it
  /// That one; the children are all alike, started by calls after one template and named by their pids. For
  /// children that differ in more than what they are started with: dynamic_supervisor.hpp.
  simple_one_for_one
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

  /// Where reports go; empty: log_report. Who has called subscribe_reports() gets them besides.
  report_sink reports{};
  bool progress = false; ///< report the start of each child too
  /// Whole seconds of a clock that does not go back; empty: the node's. Tests put their own in here.
  std::function<std::int64_t()> clock{};
};

/// Whether the options and specs may be started: ids and start functions present, no id twice, a period above
/// zero, significant only where it means something, just one template for simple_one_for_one. The error names
/// the child. Any thread, or none. OTP: check_childspecs.
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

/// Tells a supervisor to stop with this reason, and waits until it and its children have ended, without
/// limit. From any process but its own children, which it would wait for. Error: it was not there, or ended
/// with another reason. OTP 29: supervisor:stop/3.
runtime::result<void> stop_supervisor(runtime::pid supervisor,
                                      runtime::exit_reason why = runtime::exit_reason::shutdown());

/// What a supervisor says to a call that names a child. True in a condition if it did what was asked.
struct answer {
  enum class kind : std::uint8_t {
    ok,
    not_found,          ///< no child of that id or pid
    running,            ///< it runs, so it can be neither restarted nor deleted
    restarting,         ///< it failed to start again, or waits for its back-off, and will be tried once more
    already_started,    ///< start_child: the id is taken by a child that runs; `who` is it
    already_present,    ///< start_child: the id is taken by a child that does not run; restart or delete it
    bad_spec,           ///< start_child: see check(); or a spec where arguments are wanted, or the reverse
    start_failed,       ///< the child did not start; a new spec is forgotten
    simple_one_for_one, ///< its children have no ids and no specs of their own
    max_children,       ///< start_child: a dynamic supervisor is full
    unreachable ///< no supervisor answered: it is gone, ends, or the deadline of a call being served is over
  };
  kind what = kind::ok;
  runtime::pid who{}; ///< the child that runs now; empty if none does
  std::string why{};  ///< more, for people
  std::string info{}; ///< what the start function told besides the pid

  explicit operator bool() const noexcept { return what == kind::ok; }
  friend bool operator==(const answer&, const answer&) = default;
};
std::string_view to_string(answer::kind what) noexcept;

/// What follows waits for the supervisor without limit, also while it starts or stops another child. A child
/// that makes its own supervisor end it by such a call waits for itself, until it is killed.

/// Starts one more child, as if it had stood at the end of the list; it is forgotten when the supervisor is
/// started anew. The cost does not depend on the number of children. An ignored start is ok without a pid.
answer start_child(runtime::pid supervisor, child_spec spec);
/// Starts one more child of a simple_one_for_one supervisor.
answer start_child(runtime::pid supervisor, arguments given);
/// Ends a child. Its spec stays unless it is temporary. Ok if it does not run.
answer terminate_child(runtime::pid supervisor, std::string_view id);
/// Ends a child of a simple_one_for_one or dynamic supervisor, which forgets it. The former says ok for a
/// process that has ended already, whoever's it was, as OTP does.
answer terminate_child(runtime::pid supervisor, runtime::pid child);
/// Starts a child that does not run; not counted in the intensity.
answer restart_child(runtime::pid supervisor, std::string_view id);
/// Forgets a child that does not run.
answer delete_child(runtime::pid supervisor, std::string_view id);

/// One line of which_children.
struct child_info {
  enum class state_type : std::uint8_t { running, restarting, stopped };
  std::string id; ///< empty for children without one
  runtime::pid who;
  state_type state = state_type::stopped;
  child_type type = child_type::worker;

  friend bool operator==(const child_info&, const child_info&) = default;
};
/// All children; their order is not promised. Costs a copy of each id, while the supervisor waits.
runtime::result<std::vector<child_info>> which_children(runtime::pid supervisor);

/// A part of the children, so that the supervisor of very many serves others in between.
struct page {
  std::uint64_t from = 0; ///< 0: the first; else `next` of the page before
  std::size_t most = 1000;
};
struct child_page {
  std::vector<child_info> children;
  std::uint64_t next = 0; ///< 0: this was the last page
};
/// One page. A child that is there the whole time is found on just one page; those that come or go meanwhile
/// may be missed.
runtime::result<child_page> which_children(runtime::pid supervisor, page wanted);

struct child_counts {
  std::size_t specs = 0;
  std::size_t active = 0;      ///< have a process that is alive
  std::size_t supervisors = 0; ///< running or not
  std::size_t workers = 0;

  friend bool operator==(const child_counts&, const child_counts&) = default;
};
/// Walks all children, but those of simple_one_for_one and dynamic supervisors, which count as they go.
runtime::result<child_counts> count_children(runtime::pid supervisor);

/// The spec of a child; error not_found.
runtime::result<child_spec> get_child_spec(runtime::pid supervisor, std::string_view id);
runtime::result<child_spec> get_child_spec(runtime::pid supervisor, runtime::pid child);

/// What kind of supervisor a process is, for tools; an error if it does not answer within `limit`.
struct supervisor_facts {
  std::string name;
  std::string kind; ///< "one_for_one", ..., "dynamic"
  std::uint32_t intensity = 0;
  std::chrono::seconds period{0};
};
runtime::result<supervisor_facts> facts_of(runtime::pid supervisor, std::chrono::milliseconds limit);

} // namespace perron::supervisors
