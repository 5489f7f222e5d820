// SPDX-License-Identifier: BSD-3-Clause
// How a connection ends whose peer is still there: it lingers until that has all that was sent.
#include <perron/httpd/core/connection.hpp>

#include <perron/httpd/core/socket_events.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/net/socket.hpp>
#include <perron/runtime/net/system_calls.hpp>
#include <perron/runtime/tls/session.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

namespace perron::httpd::core {
namespace {

namespace net = runtime::net::detail;

/// How long a peer may go on sending after the last answer, and how often in a row it is read from.
constexpr std::chrono::milliseconds linger_time{2'000};
/// Whether there is room to end, and whether a server that stops still waits for that.
constexpr std::uint64_t look_again_ms = 100;
constexpr int reads_per_turn = 16;

} // namespace

void connection::linger(rc::worker& at) noexcept {
  phase_ = phase::lingering;
  partial_.reset();
  const server_options& options = options_now();
  set_deadline(at, at.now_ms() + ms(end_sending()               ? linger_time
                                    : site_->ends_connections() ? options.drain_time
                                                                : options.write_time));
  if (ends_later_)
    look_again_soon(at);
  throw_away(at);
}

/// False: there is no room yet for what was sent and for the end behind it; see session::may_say_goodbye().
bool connection::end_sending() noexcept {
  ends_later_ = tls_ != nullptr && !tls_->may_say_goodbye();
  if (!ends_later_) {
    say_goodbye();
    ::shutdown(fd, SHUT_WR);
  }
  return !ends_later_;
}

/// Makes the end that was still to come, if there is room now. False: the connection is closed.
bool connection::ends_now(rc::worker& at) noexcept {
  if (site_->ending.load(std::memory_order_relaxed) || (end_sending() && site_->ends_connections())) {
    close();
    return false;
  }
  if (ends_later_)
    look_again_soon(at);
  else
    set_deadline(at, at.now_ms() + ms(linger_time));
  return true;
}

/// Nothing else says that there is room.
void connection::look_again_soon(rc::worker& at) noexcept {
  at.arm(timer_, std::min(deadline_ms_, at.now_ms() + look_again_ms));
}

void connection::go_on_ending(rc::worker& at) noexcept {
  if (!ends_later_ || ends_now(at))
    throw_away(at);
}

/// As close(), when all that was sent is with the peer or on its way to it.
void connection::close_behind_all(rc::worker& at) noexcept {
  if (site_->ending.load(std::memory_order_relaxed))
    close();
  else if (phase_ == phase::lingering && ends_later_)
    set_deadline(at, std::min(deadline_ms_, at.now_ms() + ms(options_now().drain_time)));
  else if (tls_ == nullptr || tls_->may_say_goodbye())
    close();
  else
    linger(at);
}

/// Whatever it is: with TLS it is not decrypted.
void connection::throw_away(rc::worker& at) noexcept {
  for (int i = 0; i < reads_per_turn; ++i) {
    const std::int64_t n = net::try_receive(fd, at.scratch.get(), rc::worker::scratch_bytes);
    if (n > 0)
      continue;
    if (n != -EAGAIN && !(n == 0 && ends_later_))
      close();
    return;
  }
  // edge-triggered: no event will say again that there is more
  at.arm(timer_, at.now_ms());
}

} // namespace perron::httpd::core
