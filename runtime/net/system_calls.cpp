// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/system_calls.hpp>

#include <perron/runtime/core/uncancelled.hpp>

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace perron::runtime::net::detail {

namespace uncancelled = core::uncancelled;

namespace {

template <class Call>
auto repeated(Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto n = call();
    if (n >= 0)
      return n;
    if (errno != EINTR)
      return -errno;
  }
}

} // namespace

[[gnu::noinline]] std::int64_t try_receive(int fd, char* into, std::size_t size) noexcept {
  return repeated([&] { return uncancelled::recv(fd, into, size); });
}

[[gnu::noinline]] std::int64_t try_send(int fd, const ::iovec* parts, std::size_t count) noexcept {
  if (count == 1) // cheaper for the kernel
    return repeated([&] { return uncancelled::send(fd, parts->iov_base, parts->iov_len); });
  ::msghdr message{};
  message.msg_iov = const_cast<::iovec*>(parts);
  message.msg_iovlen = count;
  return repeated([&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL); });
}

[[gnu::noinline]] std::int64_t try_send_last(int fd, std::string_view bytes) noexcept {
  const std::int64_t n =
      repeated([&] { return uncancelled::send(fd, bytes.data(), bytes.size(), MSG_MORE); });
  if (n == static_cast<std::int64_t>(bytes.size()))
    ::shutdown(fd, SHUT_WR);
  return n;
}

[[gnu::noinline]] std::int64_t try_sendfile(int fd, int file, ::off_t& offset, std::size_t count) noexcept {
  return repeated([&] { return ::sendfile(fd, file, &offset, count); });
}

[[gnu::noinline]] std::int64_t try_sendfile(int fd, std::string_view head, int file, ::off_t& offset,
                                            std::size_t count, head_goes when) noexcept {
  if (head.empty())
    return try_sendfile(fd, file, offset, count);
  const int flags = when == head_goes::with_file ? MSG_MORE : 0;
  const std::int64_t of_head =
      repeated([&] { return uncancelled::send(fd, head.data(), head.size(), flags); });
  if (of_head < static_cast<std::int64_t>(head.size()))
    return of_head;
  const std::int64_t of_file = try_sendfile(fd, file, offset, count);
  return of_head + std::max<std::int64_t>(of_file, 0);
}

[[gnu::noinline]] int try_accept(int fd) noexcept {
  return repeated([&] { return uncancelled::accept(fd, SOCK_NONBLOCK | SOCK_CLOEXEC); });
}

[[gnu::noinline]] int waiting_to_be_accepted(int fd) noexcept {
  ::tcp_info info;
  ::socklen_t size = offsetof(::tcp_info, tcpi_sacked);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_LISTEN)
    return INT_MAX;
  return static_cast<int>(std::min(info.tcpi_unacked, std::uint32_t(INT_MAX)));
}

[[gnu::noinline]] int try_connect(int fd, const ::sockaddr* to, ::socklen_t size) noexcept {
  if (::connect(fd, to, size) == 0)
    return 0;
  return errno == EINTR ? -EINPROGRESS : -errno;
}

[[gnu::noinline]] int connect_outcome(int fd) noexcept {
  int code = 0;
  ::socklen_t size = sizeof code;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    return -errno;
  if (code != 0)
    return -code;
  ::sockaddr_storage peer;
  size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<::sockaddr*>(&peer), &size) == 0)
    return 0;
  return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

[[gnu::noinline]] int make_socket(int family) noexcept {
  return repeated([&] { return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
}

[[gnu::noinline]] int make_nonblocking(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return -errno;
  return 0;
}

[[gnu::noinline]] int check_is_stream(int fd) noexcept {
  int type = 0;
  ::socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    return -errno;
  return type == SOCK_STREAM ? 0 : -EPROTOTYPE;
}

std::uint64_t unsent_bytes(int fd) noexcept {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

[[gnu::noinline]] int set_option(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

[[gnu::noinline]] int shut_down(int fd, int how) noexcept { return ::shutdown(fd, how) == 0 ? 0 : -errno; }

} // namespace perron::runtime::net::detail
