// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/runtime/exit_reason.hpp>
#include <perron/supervisors/child_spec.hpp>

namespace perron::supervisors::core {

/// Whether a child that was told to end did so properly, so that there is nothing to report (otp-semantics
/// 5.6).
inline bool ended_as_told(const child_spec& spec, const runtime::exit_reason& why) noexcept {
  using kind = runtime::exit_reason::kind;
  if (spec.restart != permanent && why.orderly())
    return true;
  if (spec.shutdown.what() == shutdown_rule::kind::brutal_kill)
    return why.what() == kind::killed;
  return why.what() == kind::shutdown && why.text().empty();
}

} // namespace perron::supervisors::core
