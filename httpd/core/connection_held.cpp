// SPDX-License-Identifier: BSD-3-Clause
// What a connection does with an answer that its process has left to it.
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/effective_limits.hpp>
#include <perron/httpd/core/generation.hpp>
#include <perron/httpd/core/sending.hpp>
#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/signals.hpp>
#include <perron/runtime/process.hpp>

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
  // who was told to end, and did not notice so far, is to notice if its client is slow
  rc::process& p = runtime::detail::current();
  if (p.door.filled()) [[unlikely]]
    rc::take_in(p);
  if (p.exit_pending)
    return false;
  held_ = held_answer::make(first, second, limits);
  return held_ != nullptr;
}

/// A last answer shares a segment with the end of the connection; but TLS says goodbye behind it, and whoever
/// is told of the end may have to ask the socket whose it was.
bool connection::is_last_answer() const noexcept {
  return next_ != fate::keep && !is_secure() &&
         (visitor_ != nullptr || generation_->options.access == nullptr);
}

bool connection::send_held(rc::worker& at) noexcept {
  const ::iovec part{held_->bytes(), held_->size};
  const std::int64_t n = is_last_answer() ? net::try_send_last(fd, held_->left()) : send(&part, 1);
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
  if (begin_rest(at))
    return false;
  held_.reset();
  next_ = fate::reset;
  return true;
}

/// The peer is slow: a process waits for it, in the place of the one that made the answer. False: it may not,
/// as that one did not end well or all are told to end, or there is no memory for it.
bool connection::begin_rest(rc::worker& at) noexcept {
  using supervisors::request_end;
  if (in_use_.how != request_end::normal)
    return false;
  if (site_->ending.load(std::memory_order_relaxed) || rc::on_stop_requested(at.sched)) {
    in_use_.how = request_end::drained;
    return false;
  }
  try {
    runtime::monitor_ref unused;
    rc::process& p = rc::begin_spawn(at.sched, plan(), unused);
    p.body.emplace([this, then = std::exchange(in_use_.outcome, outcome::begun), rest = std::move(held_)] {
      reader_pace pace(effective_limits(answers_with().options, rest->limits).reader());
      const std::string_view left = rest->left();
      send_all(*this, {&left, 1}, pace);
      in_use_.outcome = then;
    });
    site_->requests.of(at.index).goes_on(listed_, p.self());
    rc::commit_spawn(p);
    return true;
  } catch (const std::bad_alloc&) {
    in_use_.how = request_end::killed;
    return false;
  }
}

} // namespace perron::httpd::core
