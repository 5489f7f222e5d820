// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/supervisors/report.hpp>

namespace perron::supervisors::core {

/// The processes of the calling process's node that have subscribed to reports. To be called by processes.
struct report_group {
  static void join();
  static void leave();
  static bool has_members();
  static void tell(const report& what);
};

} // namespace perron::supervisors::core
