// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/server.hpp>

#include <perron/httpd/core/acceptor.hpp>
#include <perron/httpd/core/site.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/server.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
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

/// Work for one worker, done there.
struct errand final : rc::runnable {
  std::function<void(rc::worker&)> work;
  rc::worker* at;

  errand(std::function<void(rc::worker&)> w, rc::worker& where)
      : runnable(&errand::run_it), work(std::move(w)), at(&where) {}
  static void run_it(rc::runnable& self, rc::carrier&) {
    const std::unique_ptr<errand> e(static_cast<errand*>(&self));
    e->work(*e->at);
  }
};

void on_every_worker(rc::scheduler& s, const std::function<void(rc::worker&)>& work) {
  for (const auto& w : s.workers)
    w->post(*new errand(work, *w));
}

std::size_t connections_allowed(std::size_t wanted) noexcept {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  constexpr std::size_t kept_for_the_program = 128;
  const std::size_t room =
      files.rlim_cur > 2 * kept_for_the_program ? files.rlim_cur - kept_for_the_program : files.rlim_cur / 2;
  return wanted == 0 ? room : std::min(wanted, room);
}

/// The server process. Owns the listening sockets and, through the site, every connection.
class http_server {
public:
  using calls = runtime::protocol<get_port, get_stats>;

  http_server(server_options options, router routes)
      : sched_(runtime::detail::current_scheduler()),
        site_(std::make_shared<core::site>(std::move(options), std::move(routes), sched_.workers.size())) {
    site_->server = runtime::self();
    site_->max_connections = connections_allowed(site_->options.max_connections);
    std::uint16_t port = site_->options.port;
    for (std::size_t i = 0; i < sched_.workers.size(); ++i) {
      auto opened = core::open_listener(site_->options, port, i != 0);
      if (!opened) {
        for (const int s : listening_)
          ::close(s);
        throw runtime::bad_result(opened.error());
      }
      listening_.push_back(*opened);
      port = core::bound_port(*opened);
    }
    site_->port = port;
    for (std::size_t i = 0; i < listening_.size(); ++i) {
      rc::worker& w = *sched_.workers[i];
      w.post(*new errand(
          [s = site_, fd = listening_[i]](rc::worker& at) { (new core::acceptor(s, fd, at))->open(); }, w));
    }
  }

  ~http_server() {
    close();
    kill_requests();
  }
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  std::uint16_t handle_call(get_port) const { return site_->port; }
  server_stats handle_call(get_stats) const { return site_->stats(); }

  /// Ordered stop: running requests get their time.
  void terminate(const runtime::exit_reason&) {
    close();
    wait_for_last(site_->options.drain_time);
    kill_requests();
    wait_for_last(std::chrono::seconds(1));
  }

private:
  void close() {
    if (site_->closing.exchange(true))
      return;
    // at once, so that the next server may have the port; the workers close them when they get round to it
    for (const int s : listening_)
      ::shutdown(s, SHUT_RD);
    on_every_worker(sched_, [s = site_](rc::worker& at) {
      core::site_shard& shard = s->shards[at.index];
      if (shard.accepting != nullptr)
        shard.accepting->close();
      for (core::connection* c = shard.first; c != nullptr;) {
        core::connection* next = c->next_of_worker;
        if (!c->is_in_use())
          c->close();
        c = next;
      }
      s->connection_gone();
    });
  }

  void wait_for_last(std::chrono::milliseconds limit) {
    if (site_->connections() != 0)
      runtime::receive(runtime::when([this](const core::drained&) { return site_->connections() == 0; },
                                     [](core::drained) {}),
                       runtime::after(limit, [] {}));
  }

  void kill_requests() {
    if (site_->connections() == 0)
      return;
    on_every_worker(sched_, [s = site_](rc::worker& at) {
      for (core::connection* c = s->shards[at.index].first; c != nullptr; c = c->next_of_worker)
        c->kill_request();
    });
  }

  rc::scheduler& sched_;
  std::shared_ptr<core::site> site_;
  std::vector<int> listening_; ///< closed by the acceptors
};

} // namespace

runtime::result<runtime::pid> start_server(const server_options& options, router routes) {
  return runtime::start_server<http_server>({.name = options.name, .link = true, .trap_exit = true}, options,
                                            std::move(routes));
}

runtime::result<std::uint16_t> server_port(runtime::pid server) { return runtime::call(server, get_port{}); }

runtime::result<server_stats> stats_of(runtime::pid server) { return runtime::call(server, get_stats{}); }

} // namespace perron::httpd
