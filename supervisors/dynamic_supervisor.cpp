// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <perron/supervisors/core/check.hpp>
#include <perron/supervisors/core/dynamic_supervision.hpp>
#include <perron/supervisors/core/supervisor_process.hpp>

#include <memory>
#include <utility>

namespace perron::supervisors {

runtime::result<runtime::pid> start_dynamic_supervisor(dynamic_options options) {
  if (const runtime::result<void> good = core::check_period(options.period); !good)
    return good.error();
  const core::dynamic_rules rules{.simple = false,
                                  .auto_shutdown = auto_shutdown_type::never,
                                  .max_children = options.max_children,
                                  .intensity = options.intensity,
                                  .period = options.period};
  core::supervisor_plan plan{
      .world = {.name = options.name,
                .reports = std::move(options.reports),
                .progress = false,
                .may_tell_progress = false,
                .clock = std::move(options.clock)},
      .facts = {std::move(options.name), "dynamic", options.intensity, options.period},
      .check =
          [](const child_spec& spec) { return core::check_child(spec, auto_shutdown_type::never, false); },
      .make_table = [rules](core::environment& world) -> std::unique_ptr<core::child_table> {
        return std::make_unique<core::dynamic_supervision>(rules, world);
      },
      .children = {}};
  const runtime::result<runtime::monitored> begun = core::begin_process(std::move(plan));
  if (!begun)
    return begun.error();
  return core::wait_for_supervisor(*begun);
}

child_spec dynamic_supervisor_child(child_spec spec, dynamic_options options) {
  spec.type = child_type::supervisor;
  spec.start = [options = std::move(options)] { return start_dynamic_supervisor(options); };
  return spec;
}

child_spec dynamic_supervisor_child(std::string id, dynamic_options options) {
  return dynamic_supervisor_child(detail::with_id(std::move(id)), std::move(options));
}

} // namespace perron::supervisors
