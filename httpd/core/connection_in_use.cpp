// SPDX-License-Identifier: BSD-3-Clause
// What a process does with the connection that it owns, until it gives it back.
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/socket_events.hpp>
#include <perron/httpd/duplex.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/core/worker.hpp>
#include <perron/runtime/net/socket.hpp>
#include <perron/runtime/process.hpp>

#include <memory>
#include <string>
#include <utility>

namespace perron::httpd::core {

namespace net = runtime::net::detail;

void connection::leave_count() noexcept {
  if (std::exchange(in_use_.counted, false))
    site_->limits.leaves_count();
}

bool connection::wait_for(std::uint32_t bits, rc::wait_kind what, std::uint64_t due_ms) {
  struct published {
    std::atomic<std::uint32_t>& number;
    ~published() { number.store(0, std::memory_order_relaxed); }
  };
  rc::process& p = runtime::detail::current();
  rc::waiting wait(p, what, due_ms);
  const published until_end{waiting_for_};
  waiting_for_.store(wait.number(), std::memory_order_seq_cst);
  if (!home->poll.watch(*this, (bits & EPOLLOUT) != 0))
    return true;
  for (;;) {
    const std::uint32_t seen = ready_bits_.fetch_and(~(bits & ~peer_left), std::memory_order_seq_cst);
    if ((seen & (bits | hang_up)) != 0)
      return true;
    if (!wait.park())
      return false;
  }
}

void connection::be_interrupted_by(std::uint8_t kinds) {
  rc::process& p = runtime::detail::current();
  p.ignored_interrupts = static_cast<std::uint8_t>((half_closed | gone) & ~kinds);
  if (p.exit_pending)
    return;
  // what came before this was judged by the old rule; what comes from now on is by the new one
  rc::take_in(p);
  const std::uint32_t seen = ready_bits_.load(std::memory_order_seq_cst);
  const auto left = static_cast<std::uint8_t>(((seen & peer_left) != 0 ? half_closed : 0) |
                                              ((seen & hang_up) != 0 ? gone : 0));
  p.interrupted = (left & kinds) != 0;
  if (p.interrupted)
    p.exit_with = runtime::exit_reason::client_gone();
}

void connection::limit_time(std::chrono::milliseconds time) noexcept {
  request_ms_.store(static_cast<std::uint32_t>(time.count()), std::memory_order_relaxed);
  ask_home(new_time);
}

void connection::give_up_inbound() noexcept { ask_home(shrink); }

void connection::want_mail(bool now) noexcept {
  mail_wanted_.store(true, std::memory_order_seq_cst);
  if (!home->poll.watch(*this, false) || now ||
      (ready_bits_.load(std::memory_order_seq_cst) & (EPOLLIN | peer_left)) != 0)
    send_mail();
}

/// By whoever finds that there is something, the poller or the process itself.
void connection::send_mail() noexcept {
  if (mail_wanted_.exchange(false, std::memory_order_seq_cst))
    net::deliver_asked_for(listed_.who, rc::make_envelope<readable>(rc::envelope_kind::mail));
}

void connection::may_have_more() noexcept { ready_bits_.fetch_or(EPOLLIN, std::memory_order_relaxed); }

// -- back to the home worker

[[gnu::always_inline]] inline void connection::post_home() noexcept {
  const rc::inside engine;
  if (engine.own() != home)
    home->post(errand_);
  else if (held_ != nullptr)
    home->push_late(errand_);
  else
    home->push_pinned(errand_);
}

void connection::give_back(fate then, std::string_view leftover) noexcept {
  next_ = site_->ends_connections() ? fate::close : then;
  if (next_ == fate::keep && !leftover.empty())
    partial_ = std::make_unique<std::string>(leftover);
  if (in_use_.asks_home) [[unlikely]]
    ask_home(give_back_too);
  else
    post_home();
}

/// Whoever wishes first sends the errand; it takes along what was wished for until it is there.
void connection::ask_home(wish what) noexcept {
  if (!in_use_.asks_home) // home may be reading it
    in_use_.asks_home = true;
  // acq_rel: what was written before the wish is seen by who does as asked, and the errand's last run by us
  if (home_asked_.fetch_or(what, std::memory_order_acq_rel) == 0)
    post_home();
}

} // namespace perron::httpd::core
