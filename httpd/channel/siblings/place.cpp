// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/place.hpp>

#include <cstdint>

namespace perron::httpd {
namespace {

/// FNV-1a; all nodes are the same program, but the standard's hash may differ from run to run.
std::uint64_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

/// The last step of SplitMix64: each bit of the result depends on all of them.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

} // namespace

unsigned node_of(std::string_view name, unsigned nodes) noexcept {
  const std::uint64_t hash = hash_of(name);
  unsigned best = 0;
  std::uint64_t most = 0;
  for (unsigned node = 0; node < nodes; ++node) {
    const std::uint64_t weight = mixed(hash + (std::uint64_t{node} + 1) * 0x9E3779B97F4A7C15U);
    if (node == 0 || weight > most) {
      best = node;
      most = weight;
    }
  }
  return best;
}

} // namespace perron::httpd
