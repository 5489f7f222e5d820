// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/random.hpp>

#include <random>

namespace perron::runtime::core {

double random_unit() {
  thread_local std::mt19937_64 engine{std::random_device{}()}; // nothing below suspends
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

} // namespace perron::runtime::core
