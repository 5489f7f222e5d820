// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/server.hpp>

#include <perron/httpd/core/acceptor.hpp>
#include <perron/httpd/core/connection.hpp>
#include <perron/httpd/core/cover.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/listening.hpp>
#include <perron/httpd/core/site.hpp>
#include <perron/httpd/ip_address.hpp>
#include <perron/runtime/core/errand.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/core/request_supervision.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace perron::httpd {
namespace {

namespace rc = runtime::core;

struct get_port {
  using reply = std::uint16_t;
};
struct get_stats {
  using reply = server_stats;
};
struct wind_down_call {
  using reply = void;
};
struct tell_full_call {
  using reply = void;
  std::string name;
};
struct room_call {
  using reply = bool;
};
struct cover_call {
  using reply = runtime::result<void>;
  unsigned whose;
  std::vector<int> sockets;
};
struct replace_call {
  using reply = runtime::result<void>;
  hosts sites;
  std::optional<server_options> options;
};

bool same_limits(const address_limit_options& a, const address_limit_options& b) noexcept {
  return a.max_connections == b.max_connections && a.requests_per_second == b.requests_per_second &&
         a.burst == b.burst && a.ipv6_prefix == b.ipv6_prefix && a.max_addresses == b.max_addresses;
}

/// Which option differs that a server has for good; null if none does.
const char* fixed_difference(const server_options& a, const server_options& b) noexcept {
  if (a.name != b.name)
    return "name";
  if (a.host != b.host)
    return "host";
  if (a.port != b.port)
    return "port";
  if (a.unix_mode != b.unix_mode || a.unix_uid != b.unix_uid || a.unix_gid != b.unix_gid)
    return "unix_mode, unix_uid or unix_gid";
  if (a.inherited != b.inherited)
    return "inherited";
  if (a.backlog != b.backlog)
    return "backlog";
  if (a.max_in_flight != b.max_in_flight)
    return "max_in_flight";
  if ((a.tls == nullptr) != (b.tls == nullptr))
    return "tls: connections cannot begin or cease to speak it";
  if (a.max_handshakes != b.max_handshakes)
    return "max_handshakes";
  if (!same_limits(a.per_address, b.per_address))
    return "per_address";
  return a.proxy_protocol_from != b.proxy_protocol_from ? "proxy_protocol_from" : nullptr;
}

void close_idle_connections(supervisors::core::request_site& of, rc::worker& at) {
  auto& site = static_cast<core::site&>(of);
  site.winds_down.store(false,
                        std::memory_order_relaxed); // those that come home from now on are closed there
  core::site_shard& shard = site.shards[at.index];
  for (core::connection* c = shard.first; c != nullptr;) {
    core::connection* next = c->next_of_worker;
    c->close_if_idle();
    c = next;
  }
}

/// One for each in turn, closed by whoever takes them.
runtime::result<std::vector<int>> copies_of(const core::listening_sockets& sockets, std::size_t count) {
  std::vector<int> copies;
  for (std::size_t i = 0; i < count; ++i) {
    const int copy = sockets.copy_for(i);
    if (copy < 0) {
      for (const int made : copies)
        ::close(made);
      return runtime::error{std::string("copy a listening socket: ") + std::strerror(-copy), -copy};
    }
    copies.push_back(copy);
  }
  return copies;
}

/// The server process. Owns the listening sockets and, through the site, every connection.
class http_server final : public supervisors::core::request_supervision {
  using base = supervisors::core::request_supervision;

public:
  using calls = base::calls_and<get_port, get_stats, wind_down_call, replace_call, tell_full_call, room_call,
                                cover_call>;

  explicit http_server(const std::shared_ptr<core::site>& site)
      : request_supervision(site->listens.name, site, site->listens.alarms),
        sched_(runtime::detail::current_scheduler()), site_(site), options_(site->listens) {
    if (const auto open = listen(options_.port); !open)
      throw runtime::bad_result(open.error());
    port_ = listening_.port();
  }
  ~http_server() { abort(); }

  using base::handle_call;
  std::uint16_t handle_call(get_port) const { return port_; }
  server_stats handle_call(get_stats) const { return site_->stats(); }
  void handle_call(wind_down_call) {
    site_->accepting = false;
    site_->winds_down = true;
    site_->closing = true;
    stop_listening();
  }
  void handle_call(replace_call asked, runtime::caller from);
  void handle_call(tell_full_call asked) {
    site_->tells_full = std::move(asked.name);
    site_->server = runtime::self();
    site_->says_full.store(true,
                           std::memory_order_release); // what was written is there for who takes it back
  }
  bool handle_call(room_call) const {
    const bool sleeps = site_->limits.asleep() != 0;
    if (!site_->tells_full.empty())
      site_->says_full.store(true, std::memory_order_release);
    return !sleeps && site_->limits.advice() != supervisors::core::admission::sleep;
  }
  runtime::result<void> handle_call(const cover_call& asked);

  /// Ordered stop: running requests get their time.
  void terminate(const runtime::exit_reason&) { stop(options_.drain_time); }

private:
  runtime::result<void> listen(std::uint16_t port);

  // -- request_supervision

  void stop_listening() override {
    if (listening_.empty())
      return;
    // at once, so that the next server may have the port; the workers close theirs when they get round to it
    listening_.close();
    rc::errand::post_to_all(sched_, [s = site_](rc::worker& at) { core::acceptor::close_all(*s, at); });
  }
  runtime::result<void> listen_again() override {
    return listening_.empty() ? listen(port_) : runtime::result<void>();
  }
  idle_closer closes_idle() const override { return &close_idle_connections; }
  std::size_t allowed(std::size_t wanted) const override { return core::connections_allowed(wanted); }

  rc::scheduler& sched_;
  const std::shared_ptr<core::site> site_;
  server_options options_; ///< those of the present generation
  core::listening_sockets listening_;
  std::uint16_t port_ = 0;
};

runtime::result<void> http_server::listen(std::uint16_t port) {
  server_options where = options_;
  where.port = port;
  const std::size_t workers = sched_.workers.size();
  auto opened = where.inherited.empty() ? core::listening_sockets::open(where, workers)
                                        : core::listening_sockets::inherit(where, workers);
  if (!opened)
    return opened.error();
  const auto copies = copies_of(*opened, workers);
  if (!copies)
    return copies.error();
  for (std::size_t i = 0; i < workers; ++i)
    rc::errand::post(*sched_.workers[i], [s = site_, fd = (*copies)[i]](rc::worker& at) {
      (new core::acceptor(s, fd, at))->open();
    });
  listening_ = std::move(*opened);
  return {};
}

runtime::result<void> http_server::handle_call(const cover_call& asked) {
  const int whose = static_cast<int>(asked.whose);
  rc::errand::post_to_all(sched_,
                          [s = site_, whose](rc::worker& at) { core::acceptor::close_of(*s, at, whose); });
  if (asked.sockets.empty() || listening_.empty())
    return {};
  const std::size_t workers = sched_.workers.size();
  server_options theirs = options_;
  theirs.inherited = asked.sockets;
  auto opened = core::listening_sockets::inherit(theirs, asked.sockets.size());
  if (!opened)
    return opened.error();
  const auto copies = copies_of(*opened, std::max(workers, opened->size()));
  if (!copies)
    return copies.error();
  for (std::size_t i = 0; i < copies->size(); ++i)
    rc::errand::post(*sched_.workers[i % workers], [s = site_, fd = (*copies)[i], whose](rc::worker& at) {
      (new core::acceptor(s, fd, at, whose))->open();
    });
  return {};
}

void http_server::handle_call(replace_call asked, runtime::caller from) {
  if (asked.options) {
    if (const char* differs = fixed_difference(*asked.options, options_)) {
      runtime::reply(from, runtime::result<void>(runtime::error{
                               std::string("replace: a server keeps its ") + differs, EINVAL}));
      return;
    }
    server_options& now = *asked.options;
    // otherwise set_max_connections() and the like keep what they said
    if (now.max_connections != options_.max_connections)
      site_->limits.set_max_connections(core::connections_allowed(now.max_connections));
    if (now.hard_limit != options_.hard_limit)
      site_->limits.set_hard_limit(now.hard_limit);
    if (now.max_unsent != options_.max_unsent)
      listening_.set_max_unsent(now.max_unsent);
    options_ = std::move(now);
  }
  const std::size_t workers = sched_.workers.size();
  auto* const next = new core::generation(options_, std::move(asked.sites), workers);
  const auto missing = std::make_shared<std::atomic<std::size_t>>(workers);
  rc::errand::post_to_all(sched_, [s = site_, next, missing, from](rc::worker& at) {
    std::exchange(s->shards[at.index].now, next)->replace(at.index);
    // acq_rel: whoever is told that it is done finds it done on every worker
    if (missing->fetch_sub(1, std::memory_order_acq_rel) == 1)
      runtime::reply(from, runtime::result<void>());
  });
}

} // namespace

runtime::result<runtime::pid> start_server(const server_options& options, hosts sites) {
  for (const std::string& text : options.proxy_protocol_from)
    if (!ip_network::parse(text))
      return runtime::error{"proxy_protocol_from: '" + text + "' is no address or network", EINVAL};
  auto site = std::make_shared<core::site>(options, std::move(sites),
                                           runtime::detail::current_scheduler().workers.size());
  return runtime::start_server<http_server>({.name = options.name, .link = true, .trap_exit = true},
                                            std::move(site));
}

runtime::result<void> replace(runtime::pid server, hosts sites) {
  auto done = runtime::call(server, replace_call{std::move(sites), std::nullopt});
  return done ? std::move(*done) : done.error();
}

runtime::result<void> replace(runtime::pid server, hosts sites, server_options options) {
  auto done = runtime::call(server, replace_call{std::move(sites), std::move(options)});
  return done ? std::move(*done) : done.error();
}

namespace core {

runtime::result<void> tell_when_full(runtime::pid server, std::string name) {
  return runtime::call(server, tell_full_call{std::move(name)});
}

runtime::result<bool> has_room(runtime::pid server) { return runtime::call(server, room_call{}); }

runtime::result<void> cover(runtime::pid server, unsigned whose, std::vector<int> sockets) {
  auto done = runtime::call(server, cover_call{whose, std::move(sockets)});
  return done ? std::move(*done) : done.error();
}

} // namespace core

runtime::result<void> wind_down(runtime::pid server) { return runtime::call(server, wind_down_call{}); }

runtime::result<std::uint16_t> server_port(runtime::pid server) { return runtime::call(server, get_port{}); }

runtime::result<server_stats> stats_of(runtime::pid server) { return runtime::call(server, get_stats{}); }

} // namespace perron::httpd
