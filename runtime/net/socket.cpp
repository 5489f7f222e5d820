// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/socket.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/process.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>

namespace perron::runtime::net::detail {
namespace {

constexpr std::uint32_t hang_up = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

void wake(core::envelope* e) noexcept {
  if (e != nullptr)
    core::push_signal(e->from.from, e);
}

void on_events(core::poll_handler& h, std::uint32_t events, core::worker& home) {
  auto& s = static_cast<socket&>(h);
  if ((events & hang_up) != 0)
    s.hung.store(true, std::memory_order_relaxed);
  if ((events & (EPOLLOUT | hang_up)) != 0)
    wake(s.writing.event().envelope);
  if ((events & (EPOLLIN | hang_up)) != 0) {
    const auto found = s.reading.event();
    if (found.to_read)
      read_for_owner(s, found.envelope, home);
    else
      wake(found.envelope);
  }
}

void on_dispose(core::poll_handler& h) noexcept {
  auto& s = static_cast<socket&>(h);
  for (auto* direction : {&s.reading, &s.writing})
    if (core::envelope* e = direction->leftover(); e != nullptr)
      core::destroy(e);
  s.home->sched.sockets_open.fetch_sub(1, std::memory_order_relaxed);
  delete &s;
}

/// Whether the stack of the process is being unwound because it ends: an exception must not leave it now.
bool is_ending(const core::process& p) noexcept {
  return p.state.load(std::memory_order_relaxed) == core::process_state::exiting ||
         (p.exit_pending && std::uncaught_exceptions() > 0);
}

void disarm(socket& s) noexcept {
  if (core::envelope* mail = s.reading.disarm(); mail != nullptr)
    core::destroy(mail);
}

} // namespace

socket::socket(int descriptor) noexcept : poll_handler(&on_events, &on_dispose) { fd = descriptor; }

result<socket_handle> socket_handle::open(int fd, bool connecting) {
  core::scheduler& sched = runtime::detail::current_scheduler();
  auto* s = new socket(fd);
  s->id = socket_id{core::fresh_number(sched)};
  if (connecting) {
    s->writing.begin();
    s->writing.end(true);
  }
  int refused = 0;
  {
    const core::inside engine;
    core::worker* w = engine.own();
    s->home = w != nullptr && &w->sched == &sched ? w : sched.workers.front().get();
    sched.sockets_open.fetch_add(1, std::memory_order_relaxed);
    refused = s->home->poll.add(*s);
  }
  if (refused == 0)
    return socket_handle(s);
  // no event can name it: it is freed here
  ::close(fd);
  on_dispose(*s);
  return failure("registering a socket", refused);
}

void socket_handle::close() noexcept {
  socket* s = std::exchange(socket_, nullptr);
  if (s == nullptr)
    return;
  disarm(*s);
  core::poller& poll = s->home->poll;
  const core::inside engine;
  if (engine.own() == s->home) {
    poll.retire(*s);
    return;
  }
  if (!s->reading.is_read()) {
    poll.remove(*s);
    ::close(std::exchange(s->fd, -1));
  }
  s->home->post(*s);
}

result<int> socket_handle::release() {
  socket& s = *socket_;
  disarm(s);
  using attempt = readiness_of_socket::attempt;
  for (auto* direction : {&s.reading, &s.writing})
    if (direction->begin(true) == attempt::busy) {
      if (direction == &s.writing)
        s.reading.end(false);
      return failure("release", EBUSY);
    }
  s.home->poll.remove(s);
  const int fd = std::exchange(s.fd, -1);
  close();
  return fd;
}

operation::operation(std::chrono::nanoseconds timeout)
    : self_(runtime::detail::current()), timeout_(timeout) {
  if (is_ending(self_))
    return;
  if (self_.door.filled())
    core::take_in(self_);
  core::check_exit(self_);
}

std::uint64_t operation::due() {
  if (due_ms_ == 0) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(timeout_.count(), 0));
    due_ms_ = timeout_ == forever ? core::waiting::forever : self_.sched->due_in(ns);
  }
  return due_ms_;
}

int operation::wait(readiness_of_socket& on, core::wait_kind what) {
  if (only_looks())
    return ETIMEDOUT;
  if (is_ending(self_))
    return ECANCELED;
  core::waiting wait(self_, what, due());
  core::envelope* e = core::plain_signal(core::envelope_kind::wake, self_.self(), wait.number());
  const auto how = on.sleep(e);
  if (how != readiness_of_socket::bedding::done) {
    core::destroy(e);
    return how == readiness_of_socket::bedding::ready ? 0 : EBUSY;
  }
  // also when the process is told to end while it sleeps
  struct taking_back {
    core::process& self;
    readiness_of_socket& on;
    core::envelope* e;
    ~taking_back() {
      // once woken, the envelope has been freed and its address may be another's
      if (!self.woken && on.give_up(e))
        core::destroy(e);
    }
  } const guard{self_, on, e};
  while (!self_.woken)
    if (!wait.park() || (self_.in_timeout && !self_.woken))
      return ETIMEDOUT;
  return 0;
}

int operation::pause(std::chrono::milliseconds time) {
  if (only_looks())
    return ETIMEDOUT;
  if (is_ending(self_))
    return ECANCELED;
  const std::uint64_t until =
      self_.sched->due_in(static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count()));
  const bool to_the_end = until >= due();
  core::waiting wait(self_, core::wait_kind::readable, std::min(until, due()));
  while (wait.park() && !self_.in_timeout) {
  }
  return to_the_end ? ETIMEDOUT : 0;
}

void operation::spend(std::int64_t bytes) { core::spend_on(self_, bytes); }

void deliver_asked_for(pid to, core::envelope* mail) noexcept {
  core::process* p = to.slot();
  if (p != nullptr && p->id.load(std::memory_order_relaxed) == to.id())
    p->count_sent(to.id());
  core::push_signal(to, mail);
}

} // namespace perron::runtime::net::detail
