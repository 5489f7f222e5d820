// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/core/type_name.hpp>
#include <perron/supervisors/report.hpp>

namespace perron::supervisors::core {

/// A child as reports show it; `who` is empty if it has no process. Slow, as it names a type.
inline report::child describe(const child_spec& spec, runtime::pid who) {
  return {who,
          spec.id,
          runtime::core::type_name(spec.start.type()),
          spec.restart,
          spec.significant,
          spec.shutdown,
          spec.type,
          0};
}

} // namespace perron::supervisors::core
