// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/request_site.hpp>

#include <perron/runtime/message.hpp>

namespace perron::supervisors::core {

request_site::request_site(std::size_t workers, const request_limits& limit)
    : requests(workers), limits(limit.max_connections, limit.hard_limit) {
  bells.reserve(limit.alarms.size());
  for (const connection_alarm& a : limit.alarms)
    bells.emplace_back(a.threshold, static_cast<std::uint64_t>(a.cooldown.count()));
}

void request_site::connection_came(std::uint64_t now_ms) noexcept {
  limits.came();
  accepted.fetch_add(1, std::memory_order_relaxed);
  if (bells.empty())
    return;
  const std::size_t all = limits.all();
  for (std::size_t i = 0; i < bells.size(); ++i)
    if (bells[i].rings(all, now_ms))
      runtime::send(supervisor, alarm_rings{i, all});
}

void request_site::connection_gone(bool counted) noexcept {
  limits.ended(counted);
  tell_if_empty();
}

void request_site::tell_if_empty() const noexcept {
  // acquire: pairs with the store of who then waits for the mail
  if (closing.load(std::memory_order_acquire) && limits.all() == 0)
    runtime::send(supervisor, all_gone{});
}

request_counts request_site::counts() const noexcept {
  request_counts out;
  const request_figures now = requests.figures();
  out.connections = limits.all();
  out.counted = limits.counted();
  out.accepted = accepted.load(std::memory_order_relaxed);
  out.turned_away = turned_away.load(std::memory_order_relaxed);
  out.started = now.started;
  out.running = now.running;
  out.ended = now.ended;
  return out;
}

} // namespace perron::supervisors::core
