// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/stream.hpp>

#include <perron/runtime/deadline.hpp>
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/pieces.hpp>
#include <perron/runtime/net/socket.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace perron::runtime::tls {
namespace {

using core::wait_kind;
using net::detail::operation;
using net::detail::readiness_of_socket;

constexpr std::size_t parts_at_once = 64;
/// Bytes before others get a turn.
constexpr std::size_t bytes_at_once = 256 * 1024;

enum class event : std::uint8_t { readable, writable };

struct called {
  std::int64_t n;         ///< -EAGAIN: nothing yet
  event wants;            ///< what to wait for then
  bool exhausted = false; ///< or the next call would find nothing
};

/// Makes calls of a session until one does not say EAGAIN, waiting between for what it wants. A direction's
/// readiness is held during a call that may find it exhausted, so that no event is lost; see
/// net/readiness.hpp.
template <class Call>
std::int64_t repeat(operation& op, net::detail::socket& s, event first, bool insist, int& gave_up,
                    Call&& call) {
  event held = first;
  insist = insist || op.only_looks();
  for (;;) {
    readiness_of_socket& on = held == event::readable ? s.reading : s.writing;
    switch (on.begin(insist)) {
    case readiness_of_socket::attempt::go: {
      const called c = call();
      const bool nothing = c.n == -EAGAIN;
      on.end(nothing ? c.wants == held : c.exhausted);
      if (!nothing) {
        op.spend(std::max<std::int64_t>(c.n, 0));
        return c.n;
      }
      if (c.wants != held) {
        held = c.wants;
        insist = true;
        continue;
      }
      break;
    }
    case readiness_of_socket::attempt::busy:
      gave_up = EBUSY;
      return -1;
    case readiness_of_socket::attempt::dry:
      break;
    }
    insist = false;
    gave_up = op.wait(on, held == event::readable ? wait_kind::readable : wait_kind::writable);
    if (gave_up != 0)
      return -1;
  }
}

error failed(std::string_view what, const session& of, int code) {
  if (of.failure().empty())
    return net::detail::failure(what, code);
  return {std::string(what) + ": " + std::string(of.failure()), code};
}

result<std::size_t> counted(std::string_view what, const session& of, std::int64_t n, int gave_up) {
  if (gave_up != 0)
    return net::detail::gave_up(what, gave_up);
  if (n < 0)
    return failed(what, of, static_cast<int>(-n));
  return static_cast<std::size_t>(n);
}

result<std::size_t> read_some(session& from, net::detail::socket& s, std::span<char> into, operation& op,
                              const char* what) {
  int gave_up = 0;
  const std::int64_t n = repeat(op, s, event::readable, from.has_pending(), gave_up, [&]() -> called {
    const std::int64_t got = from.receive(into);
    return {got, from.wants_write_to_read() ? event::writable : event::readable,
            got > 0 && !from.has_pending() && !s.has_hung_up()};
  });
  return counted(what, from, n, gave_up);
}

} // namespace

result<void> stream::shake_hands(operation& op) {
  int gave_up = 0;
  const std::int64_t n = repeat(op, *socket_.handle(), event::readable, true, gave_up, [&]() -> called {
    switch (session_->handshake()) {
    case session::step::done:
      return {1, event::readable};
    case session::step::wants_read:
      return {-EAGAIN, event::readable};
    case session::step::wants_write:
      return {-EAGAIN, event::writable};
    case session::step::failed:
      break;
    }
    return {-session_->failure_code(), event::readable};
  });
  if (auto done = counted("TLS handshake", *session_, n, gave_up); !done)
    return done.error();
  return {};
}

result<std::size_t> stream::read(std::span<char> into, std::chrono::nanoseconds timeout) {
  if (!is_open())
    return net::detail::is_closed("read");
  if (into.empty())
    return std::size_t(0);
  operation op(timeout);
  return read_some(*session_, *socket_.handle(), into, op, "read");
}

result<std::size_t> stream::read_exactly(std::span<char> into, std::chrono::nanoseconds timeout) {
  if (!is_open())
    return net::detail::is_closed("read_exactly");
  operation op(timeout);
  std::size_t have = 0;
  while (have < into.size()) {
    const auto n = read_some(*session_, *socket_.handle(), into.subspan(have), op, "read_exactly");
    if (!n)
      return n.error();
    if (*n == 0)
      break;
    have += *n;
  }
  return have;
}

result<void> stream::write(std::string_view bytes, std::chrono::nanoseconds timeout) {
  return writev(std::span(&bytes, 1), timeout);
}

result<void> stream::writev(std::span<const std::string_view> parts, std::chrono::nanoseconds timeout) {
  if (!is_open())
    return net::detail::is_closed("write");
  operation op(timeout);
  net::detail::pieces left(parts);
  while (!left.empty()) {
    int gave_up = 0;
    const std::int64_t n = repeat(op, *socket_.handle(), event::writable, false, gave_up, [&]() -> called {
      std::array<::iovec, parts_at_once> out;
      const auto next = left.fill(out, bytes_at_once);
      return {session_->send(out.data(), next.count),
              session_->wants_read_to_write() ? event::readable : event::writable};
    });
    const auto sent = counted("write", *session_, n, gave_up);
    if (!sent)
      return sent.error();
    left.skip(*sent);
  }
  return {};
}

result<std::size_t> stream::sendfile(int file, std::uint64_t offset, std::size_t count,
                                     std::chrono::nanoseconds timeout) {
  if (!is_open())
    return net::detail::is_closed("sendfile");
  operation op(timeout);
  auto at = static_cast<::off_t>(offset);
  std::size_t left = count;
  while (left != 0) {
    int gave_up = 0;
    const std::int64_t n = repeat(op, *socket_.handle(), event::writable, false, gave_up, [&]() -> called {
      return {session_->sendfile({}, file, at, std::min(left, bytes_at_once)),
              session_->wants_read_to_write() ? event::readable : event::writable};
    });
    const auto sent = counted("sendfile", *session_, n, gave_up);
    if (!sent)
      return sent.error();
    if (*sent == 0)
      break;
    left -= *sent;
  }
  return count - left;
}

result<void> stream::shutdown(net::half which) {
  if (is_open() && which != net::half::read)
    session_->say_goodbye();
  return socket_.shutdown(which);
}

void stream::close() noexcept {
  if (!is_open())
    return;
  session_->say_goodbye();
  session_.reset();
  socket_.close();
}

result<stream> stream::after_handshake(net::stream over, result<std::unique_ptr<session>> made,
                                       std::chrono::nanoseconds timeout) {
  if (!made)
    return made.error();
  operation op(timeout);
  stream out(std::move(over), std::move(*made));
  if (auto done = out.shake_hands(op); !done)
    return done.error();
  return out;
}

result<stream> accept(net::stream from, const server_context& as, std::chrono::nanoseconds timeout) {
  if (!from.is_open())
    return net::detail::is_closed("accept");
  auto made = session::accept(as, from.descriptor());
  return stream::after_handshake(std::move(from), std::move(made), timeout);
}

result<stream> connect(net::stream over, const client_context& as, std::string_view name,
                       std::chrono::nanoseconds timeout) {
  if (!over.is_open())
    return net::detail::is_closed("connect");
  auto made = session::connect(as, over.descriptor(), name);
  return stream::after_handshake(std::move(over), std::move(made), timeout);
}

result<stream> connect(const net::address& to, const client_context& as, std::string_view name,
                       std::chrono::nanoseconds timeout) {
  const deadline until(timeout);
  auto over = net::connect(to, timeout);
  if (!over)
    return over.error();
  return connect(std::move(*over), as, name, until.left());
}

} // namespace perron::runtime::tls
