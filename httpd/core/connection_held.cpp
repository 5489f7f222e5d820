// SPDX-License-Identifier: BSD-3-Clause
// What a connection does with an answer that its process has left to it.
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/effective_limits.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/sending.hpp>
#include <perron/httpd/core/socket_events.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/worker.hpp>

#include <cerrno>
#include <new>
#include <utility>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

/// Larger ones cost more to copy than is won.
constexpr std::size_t most_held = 4096;

} // namespace

bool connection::hold(std::string_view first, std::string_view second, const route_limits* limits) noexcept {
  if (first.size() + second.size() > most_held)
    return false;
  {
    const rc::inside engine;
    if (engine.own() != home)
      return false;
  }
  held_ = held_answer::make(first, second, limits);
  return held_ != nullptr;
}

bool connection::send_held(rc::worker& at) noexcept {
  const ::iovec part{held_->bytes(), held_->size};
  const bool is_last = next_ != fate::keep && !is_secure(); // TLS says goodbye behind it
  const std::int64_t n = is_last ? net::try_send_last(fd, held_->left()) : send(&part, 1);
  if (n > 0)
    in_use_.body_sent += n;
  if (n == static_cast<std::int64_t>(held_->size)) [[likely]] {
    held_.reset();
    return true;
  }
  if (n < 0 && n != -EAGAIN) {
    held_.reset();
    in_use_.how = supervisors::request_end::client_gone;
    next_ = fate::close;
    return true;
  }
  held_->sent = n > 0 ? static_cast<std::size_t>(n) : 0;
  return !begin_rest(at);
}

/// The peer is slow: a process waits for it, in the place of the one that made the answer.
bool connection::begin_rest(rc::worker& at) noexcept {
  const outcome then = std::exchange(in_use_.outcome, outcome::begun);
  try {
    runtime::monitor_ref unused;
    rc::process& p = rc::begin_spawn(at.sched, plan(), unused);
    // what it has moved from there is back at home no earlier than the process
    p.body.emplace([this, then, rest = std::move(held_)] {
      reader_pace pace(effective_limits(answers_with().options, rest->limits).reader());
      const std::string_view left = rest->left();
      send_all(*this, {&left, 1}, pace);
      in_use_.outcome = then;
    });
    p.ignored_interrupts = half_closed; // who still reads shall have it all
    listed_.who = p.self();
    rc::commit_spawn(p);
  } catch (const std::bad_alloc&) {
    held_.reset();
    next_ = fate::reset;
    return false;
  }
  if (const auto seen = ready_bits_.load(std::memory_order_relaxed); (seen & peer_left) != 0)
    tell_peer_left(seen);
  return true;
}

} // namespace perron::httpd::core
