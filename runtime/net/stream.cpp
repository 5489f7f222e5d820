// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/stream.hpp>

#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/pieces.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace perron::runtime::net {
namespace {

using core::wait_kind;
using detail::operation;
using detail::readiness_of_socket;

/// As many pieces as go into one system call; 1 KiB of stack.
constexpr std::size_t parts_at_once = 64;
/// Bytes of a file before others get a turn.
constexpr std::size_t file_bytes_at_once = 256 * 1024;

/// Makes a system call until it does not say EAGAIN, waiting between. `call` gives the result and whether the
/// next call would find nothing; negative results are errors. Gives the result, or the negated reason to give
/// up in `gave_up`.
template <class Call>
std::int64_t repeat(operation& op, readiness_of_socket& on, wait_kind what, int& gave_up, Call&& call) {
  for (;;) {
    switch (on.begin(op.only_looks())) {
    case readiness_of_socket::attempt::go: {
      const auto [n, exhausted] = call();
      const bool nothing = n == -EAGAIN;
      on.end(nothing || (n > 0 && exhausted));
      if (!nothing) {
        op.spend(std::max<std::int64_t>(n, 0));
        return n;
      }
      break;
    }
    case readiness_of_socket::attempt::busy:
      gave_up = EBUSY;
      return -1;
    case readiness_of_socket::attempt::dry:
      break;
    }
    gave_up = op.wait(on, what);
    if (gave_up != 0)
      return -1;
  }
}

struct called {
  std::int64_t n;
  bool exhausted;
};

result<std::size_t> counted(const char* what, std::int64_t n, int gave_up) {
  if (gave_up != 0)
    return detail::gave_up(what, gave_up);
  if (n < 0)
    return detail::failure(what, static_cast<int>(-n));
  return static_cast<std::size_t>(n);
}

result<std::size_t> read_some(detail::socket& s, std::span<char> into, operation& op, const char* what) {
  int gave_up = 0;
  const std::int64_t n = repeat(op, s.reading, wait_kind::readable, gave_up, [&]() -> called {
    const std::int64_t got = detail::try_receive(s.fd, into.data(), into.size());
    return {got, static_cast<std::size_t>(got) < into.size() && !s.has_hung_up()};
  });
  return counted(what, n, gave_up);
}

} // namespace

result<stream> stream::adopt(int fd) {
  int refused = detail::check_is_stream(fd);
  if (refused == 0)
    refused = detail::make_nonblocking(fd);
  if (refused != 0) {
    ::close(fd);
    return detail::failure("adopt", -refused);
  }
  auto handle = detail::socket_handle::open(fd);
  if (!handle)
    return handle.error();
  return stream(std::move(*handle));
}

result<int> stream::release() {
  return handle_ ? handle_.release() : result<int>(detail::is_closed("release"));
}

result<std::size_t> stream::read(std::span<char> into, std::chrono::nanoseconds timeout) {
  if (!handle_)
    return detail::is_closed("read");
  if (into.empty())
    return std::size_t(0);
  operation op(timeout);
  return read_some(*handle_, into, op, "read");
}

result<std::size_t> stream::read_exactly(std::span<char> into, std::chrono::nanoseconds timeout) {
  if (!handle_)
    return detail::is_closed("read_exactly");
  operation op(timeout);
  std::size_t have = 0;
  while (have < into.size()) {
    const auto n = read_some(*handle_, into.subspan(have), op, "read_exactly");
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
  if (!handle_)
    return detail::is_closed("write");
  detail::socket& s = *handle_;
  operation op(timeout);
  detail::pieces left(parts);
  while (!left.empty()) {
    int gave_up = 0;
    const std::int64_t n = repeat(op, s.writing, wait_kind::writable, gave_up, [&]() -> called {
      std::array<::iovec, parts_at_once> out;
      const auto next = left.fill(out);
      const std::int64_t sent = detail::try_send(s.fd, out.data(), next.count);
      return {sent, static_cast<std::size_t>(sent) < next.bytes && !s.has_hung_up()};
    });
    const auto sent = counted("write", n, gave_up);
    if (!sent)
      return sent.error();
    left.skip(*sent);
  }
  return {};
}

result<std::size_t> stream::sendfile(int file, std::uint64_t offset, std::size_t count,
                                     std::chrono::nanoseconds timeout) {
  if (!handle_)
    return detail::is_closed("sendfile");
  detail::socket& s = *handle_;
  operation op(timeout);
  auto at = static_cast<::off_t>(offset);
  std::size_t left = count;
  while (left != 0) {
    int gave_up = 0;
    const std::int64_t n = repeat(op, s.writing, wait_kind::writable, gave_up, [&]() -> called {
      // what it gives may be short for the file's sake, so only EAGAIN tells that the socket is full
      return {detail::try_sendfile(s.fd, file, at, std::min(left, file_bytes_at_once)), false};
    });
    const auto sent = counted("sendfile", n, gave_up);
    if (!sent)
      return sent.error();
    if (*sent == 0)
      break;
    left -= *sent;
  }
  return count - left;
}

result<void> stream::shutdown(half which) {
  if (!handle_)
    return detail::is_closed("shutdown");
  const int how = which == half::read ? SHUT_RD : which == half::write ? SHUT_WR : SHUT_RDWR;
  if (const int refused = detail::shut_down(handle_->fd, how); refused != 0)
    return detail::failure("shutdown", -refused);
  return {};
}

result<address> stream::local() const {
  return handle_ ? address::local_of(handle_->fd) : result<address>(detail::is_closed("local"));
}

result<address> stream::peer() const {
  return handle_ ? address::peer_of(handle_->fd) : result<address>(detail::is_closed("peer"));
}

result<void> stream::set_nodelay(bool on) {
  if (!handle_)
    return detail::is_closed("set_nodelay");
  if (const int refused = detail::set_option(handle_->fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); refused != 0)
    return detail::failure("set_nodelay", -refused);
  return {};
}

} // namespace perron::runtime::net
