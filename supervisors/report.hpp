// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace perron::supervisors {

/// Something that went wrong in a supervisor, with the fields of OTP's supervisor report (otp-semantics 5.9).
struct report {
  enum class context : std::uint8_t {
    start_error,      ///< a child did not start
    child_terminated, ///< a child ended that is to be started again, or crashed
    shutdown,         ///< the supervisor gives up, for reached_max_restart_intensity
    shutdown_error    ///< a child that was told to end did so with another reason, or had to be killed
  };
  struct child {
    runtime::pid who; ///< empty if it has none now
    std::string id;
    std::string start; ///< the type of its start function, readable
    restart_type restart = permanent;
    bool significant = false;
    shutdown_rule shutdown{};
    child_type type = child_type::worker;
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

/// Writes a report to the log "perron" of spdlog at level error; what a supervisor without a sink does. At
/// most 50 a second for long and 100 at once in the whole program; the number of those dropped is told with
/// the next. Any thread.
void log_report(const report& what);

} // namespace perron::supervisors
