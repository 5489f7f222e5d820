// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/metrics/metrics.hpp>

namespace perron::httpd::program {

/// What /metrics shows of the program that runs in this node; asks the keeper. From a process.
metrics_snapshot gather_figures();

} // namespace perron::httpd::program
