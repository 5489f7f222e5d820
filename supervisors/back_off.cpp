// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/back_off.hpp>

#include <algorithm>
#include <cmath>

namespace perron::supervisors {

std::chrono::milliseconds wait_before(const back_off& how, std::uint32_t tries, double chance) noexcept {
  const auto initial = static_cast<double>(how.initial.count());
  const auto ceiling = static_cast<double>(std::max(how.ceiling, how.initial).count());
  // infinity, for very many tries, is cut like any other
  const double plain = std::min(initial * std::pow(how.factor, static_cast<double>(tries)), ceiling);
  const double varied = plain * (1.0 + how.jitter * (2.0 * chance - 1.0));
  return std::chrono::milliseconds(std::llround(std::clamp(varied, 0.0, 2.0 * ceiling)));
}

} // namespace perron::supervisors
