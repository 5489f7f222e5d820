// SPDX-License-Identifier: BSD-3-Clause
// What a connection does more where it speaks TLS: the handshake, and bytes that go through a session.
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/socket_events.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/lifecycle.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/core/waiting.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session.hpp>

#include <cerrno>
#include <chrono>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace perron::httpd::core {

namespace tls = runtime::tls;

// -- its bytes

std::int64_t connection::receive_secured(char* into, std::size_t size) noexcept {
  const std::int64_t n = tls_->receive({into, size});
  // what the session has taken from the socket already no event will tell of
  if (n > 0 && tls_->has_pending())
    ready_bits_.fetch_or(EPOLLIN, std::memory_order_relaxed);
  return n;
}

std::int64_t connection::send_secured(const ::iovec* parts, std::size_t count) noexcept {
  return tls_->send(parts, count);
}

std::int64_t connection::sendfile_secured(std::string_view head, int file, ::off_t& offset,
                                          std::size_t count) noexcept {
  return tls_->sendfile(head, file, offset, count);
}

std::uint32_t connection::events_to_read() const noexcept {
  return waits_to_write() ? std::uint32_t(EPOLLOUT) : to_read;
}

std::uint32_t connection::events_to_write() const noexcept {
  return tls_ != nullptr && tls_->wants_read_to_write() ? to_read : std::uint32_t(EPOLLOUT);
}

void connection::say_goodbye() noexcept {
  if (tls_ != nullptr)
    tls_->say_goodbye();
}

bool connection::secured_waits_to_write() const noexcept { return tls_->wants_write_to_read(); }

const tls::session_info* connection::tls_info() const { return tls_ != nullptr ? &tls_->info() : nullptr; }

// -- the handshake, on the home worker

/// Nothing of the peer was read yet.
void connection::meet(std::uint32_t events, rc::worker& at) noexcept {
  ready_bits_.store(ready_bits_.load(std::memory_order_relaxed) | events, std::memory_order_relaxed);
  if ((events & hang_up) != 0 || (phase_ == phase::waiting && (events & peer_left) != 0))
    close();
  else if (phase_ == phase::fresh && (events & to_read) != 0)
    begin_handshake(at);
}

/// Now, or when there is room for it.
void connection::begin_handshake(rc::worker& at) noexcept {
  site_shard& shard = site_->shards[at.index];
  if (!shard.handshakes.has_room()) {
    phase_ = phase::waiting;
    shard.handshakes.wait(listed_);
    return;
  }
  try {
    runtime::monitor_ref unused;
    rc::process& p = rc::begin_spawn(at.sched, plan(), unused);
    const server_options& options = options_now();
    p.body.emplace([this, with = options.tls, time = ms(options.handshake_time),
                    uses_kernel = options.tls_uses_kernel] { shake_hands(*with, time, uses_kernel); });
    phase_ = phase::in_use;
    in_use_.handshakes = true;
    in_use_.outcome = outcome::done_close; // whatever ends it
    errand_.run = &connection::on_handshake_over;
    shard.handshakes.begins();
    site_->requests.of(at.index).begins(listed_, p.self(), at.now_ms());
    shard.handshakes_begun.add();              // in this order, see stats()
    p.ignored_interrupts = half_closed | gone; // it finds out by itself
    rc::commit_spawn(p);
  } catch (const std::bad_alloc&) {
    close();
  }
}

void connection::on_handshake_over(rc::runnable& self, rc::carrier&) {
  connection& c = *static_cast<return_errand&>(self).of;
  rc::worker& at = *c.home;
  site_shard& shard = c.site_->shards[at.index];
  c.errand_.run = &connection::on_return;
  c.phase_ = phase::idle;
  c.in_use_.handshakes = false;
  if (c.tls_ == nullptr)
    shard.handshakes_failed.add();
  shard.handshakes_over.add();
  // it was no request: however it ended, it is none of those that are told apart
  c.site_->requests.of(at.index).ends(c.listed_, supervisors::request_end::normal);
  shard.handshakes.ends();
  if (auto* const e = shard.handshakes.next())
    static_cast<listed_request*>(e)->of->begin_handshake(at);
  // a connection without a request gets the time of a head, as a fresh one does
  c.go_on(at, c.options_now().head_time);
}

void connection::leave_queue(rc::worker& at) noexcept { site_->shards[at.index].handshakes.leave(listed_); }

void connection::close_if_idle() noexcept {
  if (phase_ != phase::in_use)
    close_behind_all(*home);
  else if (in_use_.handshakes)
    rc::push_signal(listed_.who, rc::exit_envelope(rc::envelope_kind::exit, site_->supervisor,
                                                   runtime::exit_reason::shutdown(), 0));
}

// -- the handshake, in a process of its own

void connection::shake_hands(const tls::server_context& with, std::uint64_t time_ms, bool uses_kernel) {
  auto made = tls::session::accept(with, fd);
  if (!made)
    throw std::runtime_error("perron: no TLS session can be made: " + made.error().text);
  std::unique_ptr<tls::session> s = std::move(*made);
  const std::uint64_t due = runtime::detail::current().sched->due_in(time_ms * 1'000'000);
  // it begins because there is something to be read, which the first wait takes note of
  for (auto now = tls::session::step::wants_read; now != tls::session::step::done;) {
    const bool reads = now == tls::session::step::wants_read;
    if (!wait_for(reads ? to_read : std::uint32_t(EPOLLOUT),
                  reads ? rc::wait_kind::readable : rc::wait_kind::writable, due))
      return;
    now = s->handshake();
    if (now == tls::session::step::failed) {
      if (s->met_plain_http())
        send_error(status::bad_request, "this port speaks TLS: ask by https://");
      in_use_.outcome = outcome::done_unread; // the alert or the answer has to reach it
      return;
    }
    rc::spend(runtime::detail::current());
  }
  if (s->has_pending())
    may_have_more();
  if (uses_kernel)
    s->seal_in_kernel();
  tls_ = std::move(s);
  in_use_.outcome = outcome::done_keep;
}

} // namespace perron::httpd::core
