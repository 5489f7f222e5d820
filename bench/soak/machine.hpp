// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/bench/soak/run_record.hpp>

namespace perron::soak {

/// The machine and the limits that bind a run of very many connections, read from /proc and getrlimit. What
/// is not readable is left out.
machine_facts read_machine_facts();

} // namespace perron::soak
