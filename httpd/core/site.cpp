// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/site.hpp>

#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/exchange.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/message.hpp>

#include <utility>

namespace perron::httpd::core {

void site::process_ended(runtime::core::process& who, const runtime::exit_reason& why) noexcept {
  auto& c = *static_cast<connection*>(who.observer_data);
  connection::exchange_state& state = c.in_use();
  inbound* in = std::exchange(state.in, nullptr);
  site_shard& shard = shards[c.home->index];
  const bool peer_gone = why.what() == runtime::exit_reason::kind::client_gone;
  if (peer_gone)
    shard.client_gone.fetch_add(1, std::memory_order_relaxed);
  else if (!why.orderly())
    shard.crashed.fetch_add(1, std::memory_order_relaxed);
  if (state.outcome == outcome::none && !peer_gone) {
    // it ended without an answer: crashed, or told to end
    const bool stopped = why.orderly() || why.what() == runtime::exit_reason::kind::killed;
    send_error(c.fd, stopped ? status::service_unavailable : status::internal_server_error, "");
  }
  auto then = connection::fate::linger;
  if (state.outcome == outcome::done_keep)
    then = connection::fate::keep;
  else if (state.outcome == outcome::done_close || peer_gone)
    then = connection::fate::close;
  shard.ended.fetch_add(1, std::memory_order_relaxed);
  c.give_back(then, {in->bytes() + state.used, in->size - state.used});
  inbound::free(in);
}

void site::connection_gone() noexcept {
  if (closing.load(std::memory_order_acquire) && connections() == 0)
    runtime::send(server, drained{});
}

std::uint64_t site::connections() const noexcept {
  std::uint64_t n = 0;
  for (const site_shard& s : shards)
    n += s.connections.load(std::memory_order_relaxed);
  return n;
}

server_stats site::stats() const noexcept {
  server_stats out;
  std::uint64_t ended = 0;
  for (const site_shard& s : shards) {
    out.connections += s.connections.load(std::memory_order_relaxed);
    out.accepted += s.accepted.load(std::memory_order_relaxed);
    ended += s.ended.load(std::memory_order_relaxed);
    out.requests += s.requests.load(std::memory_order_relaxed);
    out.crashed += s.crashed.load(std::memory_order_relaxed);
    out.client_gone += s.client_gone.load(std::memory_order_relaxed);
    out.refused += s.refused.load(std::memory_order_relaxed);
  }
  out.running = out.requests > ended ? out.requests - ended : 0;
  return out;
}

} // namespace perron::httpd::core
