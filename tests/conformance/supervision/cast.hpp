// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "conformance/supervision/recorder.hpp"
#include "conformance/supervision/scenario.hpp"

#include <perron/runtime/exit_reason.hpp>
#include <perron/runtime/pid.hpp>
#include <perron/runtime/result.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace perron::conformance {

/// Mail to a worker: end with this reason.
struct end_order {
  runtime::exit_reason why;
};
/// Mail to a worker: cut the link to your supervisor and say `unlinked_notice` to `from`.
struct unlink_order {
  runtime::pid from;
};
struct unlinked_notice {};
/// Mail to the runner: a start is held until its process gets a `go_on`.
struct held_notice {
  runtime::pid holder;
};
struct go_on {};

/// Makes Perron's supervisors and workers for the declarations of one scenario, which write into its trace.
/// Has to live as long as any of them.
class cast {
public:
  cast(const scenario& play, recorder& trace, runtime::pid runner)
      : play_(play), trace_(trace), runner_(runner) {}
  cast(const cast&) = delete;
  cast& operator=(const cast&) = delete;

  supervisors::supervisor_options options_of(const declaration& part);
  std::vector<supervisors::child_spec> children_of(const declaration& part);
  supervisors::child_spec spec_of(const declaration& part);

  /// The clock of all supervisors, in seconds.
  void pass(std::int64_t seconds) { now_ += seconds; }

private:
  using start_result = runtime::result<supervisors::started>;
  using real_start = std::function<runtime::result<runtime::pid>()>;

  start_result start(const declaration& part, const supervisors::arguments& given);
  start_result obey(std::string_view result, const declaration& part, const std::string& arguments,
                    const real_start& start);
  runtime::result<runtime::pid> start_supervisor(const declaration& part);
  runtime::result<runtime::pid> start_worker(const declaration& part, const std::string& arguments);
  void work(const declaration& part, runtime::pid supervisor);
  void note_report(const std::string& supervisor, const supervisors::report& what);

  const scenario& play_;
  recorder& trace_;
  runtime::pid runner_;
  std::int64_t now_ = 0;
};

} // namespace perron::conformance
