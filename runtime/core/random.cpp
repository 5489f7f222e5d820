// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/random.hpp>

#include <random>
#include <string_view>

namespace perron::runtime::core {

double random_unit() {
  thread_local std::mt19937_64 engine{std::random_device{}()}; // nothing below suspends
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

std::uint64_t random_secret() {
  std::random_device system;
  return std::uint64_t(system()) << 32U | system();
}

std::string random_name() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (int word = 0; word < 2; ++word)
    for (std::uint64_t bits = random_secret(), k = 0; k < 16; ++k, bits >>= 4U)
      name += digits[bits & 15U];
  return name;
}

} // namespace perron::runtime::core
