// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/server.hpp>

#include <perron/httpd/core/acceptor.hpp>
#include <perron/httpd/core/site.hpp>
#include <perron/httpd/ip_address.hpp>
#include <perron/runtime/core/errand.hpp>
#include <perron/runtime/server.hpp>
#include <perron/supervisors/core/request_supervision.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
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

void close_idle_connections(supervisors::core::request_site& of, rc::worker& at) {
  core::site_shard& shard = static_cast<core::site&>(of).shards[at.index];
  for (core::connection* c = shard.first; c != nullptr;) {
    core::connection* next = c->next_of_worker;
    c->close_if_idle();
    c = next;
  }
}

/// The server process. Owns the listening sockets and, through the site, every connection.
class http_server final : public supervisors::core::request_supervision {
  using base = supervisors::core::request_supervision;

public:
  using calls = base::calls_and<get_port, get_stats>;

  explicit http_server(const std::shared_ptr<core::site>& site)
      : request_supervision(site->options.name, site, site->options.alarms),
        sched_(runtime::detail::current_scheduler()), site_(site) {
    if (const auto open = listen(site_->options.port); !open)
      throw runtime::bad_result(open.error());
  }
  ~http_server() { abort(); }

  using base::handle_call;
  std::uint16_t handle_call(get_port) const { return site_->port; }
  server_stats handle_call(get_stats) const { return site_->stats(); }

  /// Ordered stop: running requests get their time.
  void terminate(const runtime::exit_reason&) { stop(site_->options.drain_time); }

private:
  runtime::result<void> listen(std::uint16_t port) {
    std::vector<int> sockets;
    for (std::size_t i = 0; i < sched_.workers.size(); ++i) {
      const auto opened = core::open_listener(site_->options, port, i != 0);
      if (!opened) {
        for (const int s : sockets)
          ::close(s);
        return opened.error();
      }
      sockets.push_back(*opened);
      port = core::bound_port(*opened);
    }
    site_->port = port;
    listening_ = std::move(sockets);
    for (std::size_t i = 0; i < listening_.size(); ++i)
      rc::errand::post(*sched_.workers[i], [s = site_, fd = listening_[i]](rc::worker& at) {
        (new core::acceptor(s, fd, at))->open();
      });
    return {};
  }

  // -- request_supervision

  void stop_listening() override {
    if (listening_.empty())
      return;
    // at once, so that the next server may have the port; the workers close them when they get round to it
    for (const int s : std::exchange(listening_, {}))
      ::shutdown(s, SHUT_RD);
    rc::errand::post_to_all(sched_, [s = site_](rc::worker& at) {
      if (core::acceptor* accepting = s->shards[at.index].accepting; accepting != nullptr)
        accepting->close();
    });
  }
  runtime::result<void> listen_again() override {
    return listening_.empty() ? listen(site_->port) : runtime::result<void>();
  }
  idle_closer closes_idle() const override { return &close_idle_connections; }
  std::size_t allowed(std::size_t wanted) const override { return core::connections_allowed(wanted); }

  rc::scheduler& sched_;
  const std::shared_ptr<core::site> site_;
  std::vector<int> listening_; ///< closed by the acceptors
};

} // namespace

runtime::result<runtime::pid> start_server(const server_options& options, router routes) {
  for (const std::string& text : options.proxy_protocol_from)
    if (!ip_network::parse(text))
      return runtime::error{"proxy_protocol_from: '" + text + "' is no address or network", EINVAL};
  auto site = std::make_shared<core::site>(options, std::move(routes),
                                           runtime::detail::current_scheduler().workers.size());
  return runtime::start_server<http_server>({.name = options.name, .link = true, .trap_exit = true},
                                            std::move(site));
}

runtime::result<std::uint16_t> server_port(runtime::pid server) { return runtime::call(server, get_port{}); }

runtime::result<server_stats> stats_of(runtime::pid server) { return runtime::call(server, get_stats{}); }

} // namespace perron::httpd
