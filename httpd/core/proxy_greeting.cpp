// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/proxy_greeting.hpp>

#include <perron/httpd/core/admission.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/http1/proxy_header.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

static_assert(http1::max_proxy_header <= rc::worker::scratch_bytes);

ssize_t peek(int socket, char* into) noexcept {
  ssize_t n;
  do
    n = ::recv(socket, into, http1::max_proxy_header, MSG_PEEK);
  while (n < 0 && errno == EINTR);
  return n;
}

} // namespace

proxy_greeting::proxy_greeting(std::shared_ptr<site> to, rc::worker& at, int socket) noexcept
    : poll_handler(&proxy_greeting::on_ready, &proxy_greeting::on_dispose), site_(std::move(to)) {
  home = &at;
  fd = socket;
}

bool proxy_greeting::begin(const std::shared_ptr<site>& to, rc::worker& at, int socket) noexcept {
  auto* g = new (std::nothrow) proxy_greeting(to, at, socket);
  if (g == nullptr) {
    ::close(socket);
    return false;
  }
  site_shard& shard = to->shards[at.index];
  g->next_ = shard.greetings;
  if (shard.greetings != nullptr)
    shard.greetings->previous_ = g;
  shard.greetings = g;
  to->limits.came();
  at.sched.sockets_open.fetch_add(1, std::memory_order_relaxed);
  at.arm(g->timer_,
         at.now_ms() + static_cast<std::uint64_t>(to->shards[at.index].now->options.head_time.count()));
  if (at.poll.add(*g) != 0)
    g->leave();
  return true;
}

void proxy_greeting::close_all(site_shard& of) noexcept {
  while (of.greetings != nullptr)
    of.greetings->leave();
}

/// Closes the socket too, if it still has it.
void proxy_greeting::leave() noexcept {
  home->disarm(timer_);
  (previous_ != nullptr ? previous_->next_ : site_->shards[home->index].greetings) = next_;
  if (next_ != nullptr)
    next_->previous_ = previous_;
  home->poll.retire(*this);
  site_->connection_gone(true);
}

void proxy_greeting::on_dispose(rc::poll_handler& self) noexcept {
  auto& g = static_cast<proxy_greeting&>(self);
  g.home->sched.sockets_open.fetch_sub(1, std::memory_order_relaxed);
  delete &g;
}

void proxy_greeting::on_timer(rc::wheel_timer& self, rc::worker&) {
  static_cast<time_limit&>(self).of->leave();
}

void proxy_greeting::on_ready(rc::poll_handler& self, std::uint32_t events, rc::worker& at) {
  static_cast<proxy_greeting&>(self).look(at, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}

/// Each arrival makes an event, whether what came before it was read or not.
void proxy_greeting::look(rc::worker& at, bool is_last) noexcept {
  const ssize_t n = peek(fd, at.scratch.get());
  if (n <= 0) {
    if (n == 0 || is_last || errno != EAGAIN)
      leave();
    return;
  }
  http1::proxy_header header;
  const http1::proxy_result found =
      http1::parse_proxy_header({at.scratch.get(), static_cast<std::size_t>(n)}, header);
  if (found.outcome == http1::proxy_outcome::complete) {
    net::try_receive(fd, at.scratch.get(), found.consumed); // they are there
    become_connection(at, header);
  } else if (found.outcome == http1::proxy_outcome::bad) {
    site_->shards[at.index].refused.add();
    leave();
  } else if (is_last) {
    leave();
  }
}

void proxy_greeting::become_connection(rc::worker& at, const http1::proxy_header& header) noexcept {
  std::unique_ptr<visitor> who;
  if (header.has_addresses)
    who.reset(new (std::nothrow) visitor(header.source, header.source_port, true));
  at.poll.remove(*this);
  const int socket = std::exchange(fd, -1);
  // the connection comes before this goes, so that nobody takes both for gone
  if (header.has_addresses && who == nullptr)
    ::close(socket);
  else
    admit(site_, at, socket, std::move(who));
  leave();
}

} // namespace perron::httpd::core
