// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/acceptors.hpp>

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/net/accepting.hpp>
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/process.hpp>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace perron::runtime::net {
namespace detail {
namespace {

/// Connections taken before others get a turn.
constexpr int most_at_once = 64;

} // namespace

/// One worker's listener. Home only, but for its birth and for close, which stops it and sends it home.
struct acceptor final : core::poll_handler, core::wheel_timer {
  acceptor(int descriptor, core::worker& at, std::shared_ptr<const on_accept> f)
      : poll_handler(&on_events, &on_dispose), wheel_timer(&on_time), call(std::move(f)) {
    fd = descriptor;
    home = &at;
    home->sched.sockets_open.fetch_add(1, std::memory_order_relaxed);
  }

  void accept_some() {
    const int waiting = waiting_to_be_accepted(fd);
    for (int i = 0; i < std::min(waiting, most_at_once); ++i) {
      const int client = try_accept(fd);
      if (client >= 0) {
        (*call)(client, *home);
        continue;
      }
      switch (classify_accept_error(-client)) {
      case after_accept::again:
        continue;
      case after_accept::pause:
        home->arm(*this, home->now_ms() + static_cast<std::uint64_t>(accept_pause.count()));
        return;
      case after_accept::wait:
      case after_accept::fail: // it has been shut down and is on its way home
        return;
      }
    }
    // no event will tell of the others again
    if (waiting > most_at_once)
      home->arm(*this, home->now_ms());
  }

  static void on_events(poll_handler& h, std::uint32_t, core::worker&) {
    static_cast<acceptor&>(h).accept_some();
  }
  static void on_time(wheel_timer& t, core::worker&) {
    auto& self = static_cast<acceptor&>(t);
    if (!self.dead)
      self.accept_some();
  }
  static void on_dispose(poll_handler& h) noexcept {
    auto& self = static_cast<acceptor&>(h);
    if (core::timing_wheel::linked(self))
      self.home->disarm(self);
    self.home->sched.sockets_open.fetch_sub(1, std::memory_order_relaxed);
    delete &self;
  }

  std::shared_ptr<const on_accept> call;
};

} // namespace detail

acceptors::acceptors(acceptors&& other) noexcept
    : each_(std::exchange(other.each_, {})), local_(other.local_), file_(std::move(other.file_)) {}

acceptors& acceptors::operator=(acceptors&& other) noexcept {
  if (this != &other) {
    close();
    each_ = std::exchange(other.each_, {});
    local_ = other.local_;
    file_ = std::move(other.file_);
  }
  return *this;
}

acceptors::~acceptors() { close(); }

void acceptors::close() noexcept {
  for (detail::acceptor* one : std::exchange(each_, {})) {
    // home may be using the descriptor, so it is stopped here but closed there
    detail::shut_down(one->fd, SHUT_RDWR);
    one->home->post(*one);
  }
  file_.remove();
}

result<acceptors> listen_each(const address& at, const listen_options& options, on_accept call) {
  core::scheduler& sched = runtime::detail::current_scheduler();
  listen_options shared = options;
  shared.reuse_port = true;
  const std::size_t count = at.is_ip() ? sched.workers.size() : 1;
  std::vector<detail::listening> opened;
  const auto close_from = [&](std::size_t first) {
    for (std::size_t i = first; i < opened.size(); ++i)
      ::close(opened[i].fd);
  };
  address where = at;
  for (std::size_t i = 0; i < count; ++i) {
    auto next = detail::open_listening(where, shared);
    if (!next) {
      close_from(0);
      return next.error();
    }
    where = next->at;
    opened.push_back(*next);
  }
  const auto body = std::make_shared<const on_accept>(std::move(call));
  acceptors out;
  out.local_ = where;
  out.file_ = detail::socket_file(where);
  for (std::size_t i = 0; i < count; ++i) {
    auto* one = new detail::acceptor(opened[i].fd, *sched.workers[i], body);
    out.each_.push_back(one);
    if (const int refused = one->home->poll.add(*one); refused != 0) {
      close_from(i + 1); // `out` closes the others
      return detail::failure("registering a listener", refused);
    }
  }
  return out;
}

} // namespace perron::runtime::net
