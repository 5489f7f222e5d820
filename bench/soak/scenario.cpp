// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/scenario.hpp>

#include <array>

namespace perron::soak {

std::string_view name_of(mode m) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(mode::count)> names = {
      "idle", "poll", "sse", "ws", "chat", "churn", "requests", "slow"};
  return names.at(static_cast<std::size_t>(m));
}

std::string_view name_of(phase_kind k) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(phase_kind::count)> names = {
      "ramp", "hold", "publish", "probe", "calm", "chaos", "drain"};
  return names.at(static_cast<std::size_t>(k));
}

std::uint64_t connections_of(const scenario& s) {
  std::uint64_t all = 0;
  for (const share& each : s.shares)
    all += each.connections;
  return all;
}

std::uint64_t held_by(const scenario& s) {
  std::uint64_t all = 0;
  for (const share& each : s.shares)
    all += each.what == mode::churn ? 0 : each.connections;
  return all;
}

} // namespace perron::soak
