// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/site.hpp>

#include <perron/httpd/core/address_limits.hpp>
#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/cover.hpp>
#include <perron/httpd/core/exchange.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/runtime/core/random.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/message.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <new>
#include <utility>

namespace perron::httpd::core {

using supervisors::request_end;

std::size_t connections_allowed(std::size_t wanted) noexcept {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  constexpr std::size_t kept_for_the_program = 128;
  const std::size_t room =
      files.rlim_cur > 2 * kept_for_the_program ? files.rlim_cur - kept_for_the_program : files.rlim_cur / 2;
  return wanted == 0 ? room : std::min(wanted, room);
}

namespace {

/// Those that are none were refused before.
std::vector<ip_network> networks_of(const std::vector<std::string>& texts) {
  std::vector<ip_network> out;
  for (const std::string& text : texts)
    if (const auto network = ip_network::parse(text))
      out.push_back(*network);
  return out;
}

std::unique_ptr<address_limits> limits_of(const address_limit_options& options) {
  if (!options.is_on())
    return nullptr;
  return std::make_unique<address_limits>(options, rc::random_secret());
}

} // namespace

site::site(const server_options& o, hosts h, std::size_t workers)
    : request_site(workers, {connections_allowed(o.max_connections), o.hard_limit, o.alarms}), listens(o),
      proxies(networks_of(o.proxy_protocol_from)), per_address(limits_of(o.per_address)),
      unsent(o.max_in_flight), shards(workers) {
  auto* const first = new generation(o, std::move(h), workers);
  for (site_shard& s : shards)
    s.now = first;
  for (site_shard& s : shards)
    s.handshakes.limit(o.max_handshakes, workers);
}

site::~site() {
  for (std::size_t i = 0; i < shards.size(); ++i)
    shards[i].now->replace(i);
}

bool site::asks_who(std::size_t at) const noexcept {
  return per_address != nullptr || !proxies.empty() || shards[at].now->options.access != nullptr;
}

void site::tell_full() noexcept {
  // acquire: the name and the server are there
  if (!says_full.exchange(false, std::memory_order_acquire))
    return;
  try {
    runtime::send(std::string_view(tells_full), server_full{server});
  } catch (const std::bad_alloc&) {
    says_full.store(true, std::memory_order_release); // the next one that waits tells it
  }
}

void site::process_ended(runtime::core::process& who, const runtime::exit_reason& why) noexcept {
  auto& c = *static_cast<connection*>(who.observer_data);
  exchange_state& state = c.in_use();
  state.how = supervisors::usual_end_of(why, draining);
  if (state.late) [[unlikely]] {
    state.late = false;
    if (state.how == request_end::normal)
      state.how = request_end::deadline;
  }
  const bool peer_gone = why.what() == runtime::exit_reason::kind::client_gone;
  if (state.outcome == outcome::none && !peer_gone) {
    // it ended without an answer: crashed, or told to end
    const bool stopped = why.orderly() || why.what() == runtime::exit_reason::kind::killed;
    c.send_error(stopped ? status::service_unavailable : status::internal_server_error, "",
                 stopped ? c.answers_with().options.retry_after : std::chrono::seconds(),
                 state.in->head.method == "HEAD");
  }
  auto then = connection::fate::linger;
  if (state.outcome == outcome::done_keep)
    then = connection::fate::keep;
  else if (state.outcome == outcome::begun_open)
    then = connection::fate::reset;
  else if (state.outcome == outcome::done_close || peer_gone)
    then = connection::fate::close;
  std::string_view leftover;
  if (then == connection::fate::keep && state.in != nullptr) // else it was a handshake
    leftover = {state.in->bytes() + state.used, state.in->size - state.used};
  c.give_back(then, leftover);
}

std::string site::label_of(const supervisors::core::request_entry& e) const {
  return static_cast<const connection::listed_request&>(e).of->label();
}

server_stats site::stats() const noexcept {
  server_stats out;
  for (const site_shard& s : shards) {
    out.refused += s.refused.get();
    out.limited += s.limited.get();
    out.handshakes_failed += s.handshakes_failed.get();
    out.handshakes += s.handshakes_begun.get();
  }
  const supervisors::request_counts now = counts();
  out.in_flight = unsent.bytes(); // behind the counts: who has ended has none
  // in this order a handshake may stand among the running requests for a moment, never less than nothing
  std::uint64_t over = 0;
  for (const site_shard& s : shards)
    over += s.handshakes_over.get();
  out.connections = now.connections;
  out.accepted = now.accepted;
  out.turned_away = now.turned_away;
  out.requests = now.started - out.handshakes;
  out.running = now.running - out.handshakes + over;
  out.crashed = now.ended_as(request_end::crashed);
  out.client_gone = now.ended_as(request_end::client_gone);
  out.slow_readers = now.ended_as(request_end::slow_reader);
  out.late = now.ended_as(request_end::deadline);
  out.drained = now.ended_as(request_end::drained);
  out.killed = now.ended_as(request_end::killed);
  return out;
}

} // namespace perron::httpd::core
