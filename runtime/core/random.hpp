// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace perron::runtime::core {

/// The only file of Perron that asks for randomness, so that a node can one day run from a seed.

/// A number from 0 up to, not including, 1; for jitter, not for secrets. Any thread. A few nanoseconds.
double random_unit();

} // namespace perron::runtime::core
