// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "conformance/supervision/scenario.hpp"

#include <cstdint>

namespace perron::conformance {

/// A scenario that depends on the seed alone: a tree of up to three levels and up to sixteen steps. What
/// both sides are known to do differently is left out (differences.txt).
scenario make_scenario(std::uint64_t seed);

} // namespace perron::conformance
