// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace perron::supervisors {

/// Something that happened in a supervisor, with the fields of OTP's supervisor and progress reports
/// (otp-semantics 5.9).
struct report {
  enum class context : std::uint8_t {
    progress,         ///< a child has started; told only to who asks for it, and not of dynamic children
    start_error,      ///< a child did not start
    child_terminated, ///< a child ended that is to be started again, or crashed
    shutdown,         ///< the supervisor gives up, for reached_max_restart_intensity
    shutdown_error    ///< a child that was told to end did so with another reason, or had to be killed
  };
  struct child {
    runtime::pid who; ///< empty if it has none now, or many are meant
    std::string id;
    std::string start; ///< the type of its start function, readable
    restart_type restart = permanent;
    bool significant = false;
    shutdown_rule shutdown{};
    child_type type = child_type::worker;
    std::size_t nb_children = 0; ///< how many alike are meant, of a simple_one_for_one that stops; else 0
  };

  runtime::pid supervisor;
  std::string supervisor_name; ///< empty if it has none
  context what = context::start_error;
  runtime::exit_reason reason; ///< custom with a text for start_error and shutdown
  child offender;
};

/// Takes the reports of a supervisor, in its process and in order; keep it short, as the supervisor waits.
/// May send. An exception from it is dropped.
using report_sink = std::function<void(const report&)>;

std::string_view to_string(report::context what) noexcept;

/// The report as people read it, several lines, no final newline. Control characters of texts are escaped and
/// long texts are cut.
std::string to_text(const report& what);

/// The report as one line of JSON, for programs; no newline. Pids are text, "<42>".
std::string to_json(const report& what);

/// Writes a report to the log "perron" of spdlog, progress at level info and the rest at level error; what a
/// supervisor without a sink does. At most 50 a second for long and 100 at once in the whole program; the
/// number of those dropped is told with the next. Any thread.
void log_report(const report& what);
/// The same with to_json: `options.reports = log_report_json`.
void log_report_json(const report& what);

/// From now on the calling process gets a copy of every report of every supervisor of its node as mail, those
/// of progress too, until it ends or says otherwise. Each report then costs a copy for each subscriber.
void subscribe_reports();
void unsubscribe_reports();

} // namespace perron::supervisors
