// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/acceptor.hpp>

#include <perron/httpd/core/admission.hpp>
#include <perron/httpd/core/proxy_greeting.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/net/accepting.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

/// Connections taken before others get their turn.
constexpr int accepts_per_turn = 16;
/// How long nobody is accepted when there is no room for him.
constexpr std::uint64_t pause_ms{net::accept_pause.count()};
/// Who has this much to do already takes only a few, and then nobody for a moment: the others are better off
/// in the kernel's queue. Some always get in, since what is queued may be anybody's work and go on for ever.
constexpr std::size_t too_much_queued = 1024;
constexpr int accepts_when_busy = 8;
constexpr std::uint64_t busy_pause_ms = 2;

} // namespace

acceptor::acceptor(std::shared_ptr<site> s, int socket, rc::worker& at, int whose)
    : poll_handler(&acceptor::on_ready, &acceptor::on_dispose), sleeper(&acceptor::wake), site_(std::move(s)),
      whose_(whose) {
  home = &at;
  fd = socket;
}

int acceptor::open() noexcept {
  home->sched.sockets_open.fetch_add(1, std::memory_order_relaxed);
  next_ = std::exchange(site_->shards[home->index].accepting, this);
  return home->poll.add(*this);
}

void acceptor::close() noexcept {
  home->disarm(timer_);
  acceptor** at = &site_->shards[home->index].accepting;
  while (*at != this)
    at = &(*at)->next_;
  *at = next_;
  closed_ = true;
  if (!asleep_ || site_->limits.forget(*this))
    home->poll.retire(*this);
}

void acceptor::close_all(site& of, rc::worker& at) noexcept {
  site_shard& mine = of.shards[at.index];
  while (mine.accepting != nullptr)
    mine.accepting->close();
  proxy_greeting::close_all(mine);
}

void acceptor::close_of(site& of, rc::worker& at, int whose) noexcept {
  for (acceptor* a = of.shards[at.index].accepting; a != nullptr;) {
    acceptor* const next = a->next_;
    if (a->whose_ == whose)
      a->close();
    a = next;
  }
}

/// On whatever thread made room.
void acceptor::wake(sleeper& self) noexcept {
  auto& a = static_cast<acceptor&>(self);
  a.home->post(a.errand_);
}

void acceptor::on_woken(rc::runnable& self, rc::carrier&) {
  acceptor& a = *static_cast<wake_errand&>(self).of;
  a.asleep_ = false;
  if (!a.closed_) {
    a.accept_some(*a.home);
    return;
  }
  a.site_->limits.pass_on(); // the room that it was woken for is another's
  a.home->poll.retire(a);
}

void acceptor::on_dispose(rc::poll_handler& self) noexcept {
  auto& a = static_cast<acceptor&>(self);
  a.home->sched.sockets_open.fetch_sub(1, std::memory_order_relaxed);
  delete &a;
}

void acceptor::on_ready(rc::poll_handler& self, std::uint32_t, rc::worker& at) {
  static_cast<acceptor&>(self).accept_some(at);
}

void acceptor::accept_some(rc::worker& at) noexcept {
  using supervisors::core::admission;
  if (paused_ || asleep_ || !site_->accepting.load(std::memory_order_relaxed))
    return;
  const bool busy = at.queue_length() > too_much_queued;
  int waiting = net::waiting_to_be_accepted(fd);
  const int most = busy ? accepts_when_busy : accepts_per_turn;
  for (int i = 0; i < most && waiting != 0; ++i) {
    const admission told = site_->limits.advice();
    if (told == admission::sleep) {
      asleep_ = true;
      if (site_->limits.sleep(*this)) {
        site_->say_full();
        return;
      }
      asleep_ = false;
      continue;
    }
    --waiting;
    const int socket = net::try_accept(fd);
    if (socket < 0) {
      const net::after_accept then = net::classify_accept_error(-socket);
      if (then == net::after_accept::again)
        continue;
      if (then == net::after_accept::pause)
        pause_full(at);
      else if (then == net::after_accept::wait)
        site_->limits.pass_on(); // it may have been woken for nothing
      return;
    }
    if (told == admission::turn_away) {
      turn_away(*site_, at, socket, "too many connections");
      continue;
    }
    if (!(site_->asks_who(at.index) ? take_known(at, socket) : admit(site_, at, socket, nullptr))) {
      pause_full(at);
      return;
    }
  }
  if (waiting == 0) {
    site_->limits.pass_on(); // it may have been woken for nothing
    return;
  }
  // edge-triggered: no event will tell of the others again
  if (busy)
    pause(at, busy_pause_ms);
  else
    at.arm(timer_, at.now_ms());
}

/// Where it matters whom a connection is from.
bool acceptor::take_known(rc::worker& at, int socket) noexcept {
  const auto from = ip_address::of_peer(socket);
  if (site_->proxies.empty()) {
    std::unique_ptr<visitor> who;
    if (from)
      who.reset(new (std::nothrow) visitor(*from, 0, false));
    return admit(site_, at, socket, std::move(who));
  }
  const auto trusted = [&from](const ip_network& proxies) { return from && proxies.contains(*from); };
  if (std::any_of(site_->proxies.begin(), site_->proxies.end(), trusted))
    return proxy_greeting::begin(site_, at, socket);
  site_->shards[at.index].refused.add();
  ::close(socket);
  return true;
}

void acceptor::pause(rc::worker& at, std::uint64_t ms) noexcept {
  paused_ = true;
  at.arm(timer_, at.now_ms() + ms);
}

void acceptor::pause_full(rc::worker& at) noexcept {
  pause(at, pause_ms);
  site_->say_full();
}

void acceptor::room_again(acceptor* first, rc::worker& at) noexcept {
  for (acceptor* a = first; a != nullptr; a = a->next_)
    if (a->paused_)
      at.arm(a->timer_, at.now_ms());
}

void acceptor::on_pause_over(rc::wheel_timer& self, rc::worker& at) {
  acceptor& a = *static_cast<pause_timer&>(self).of;
  a.paused_ = false;
  a.accept_some(at);
}

} // namespace perron::httpd::core
