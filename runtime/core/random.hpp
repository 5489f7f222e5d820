// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace perron::runtime::core {

/// The only file of Perron that asks for randomness, so that a node can one day run from a seed.

/// A number from 0 up to, not including, 1; for jitter, not for secrets. Any thread. A few nanoseconds.
double random_unit();

/// 64 bits of the system's randomness, that nobody can guess. Any thread. A system call.
std::uint64_t random_secret();

/// 128 of them in hexadecimal, for names that nobody can guess.
std::string random_name();

} // namespace perron::runtime::core
