// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/listener.hpp>

#include <perron/runtime/net/accepting.hpp>
#include <perron/runtime/net/failure.hpp>
#include <perron/runtime/net/system_calls.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace perron::runtime::net {
namespace detail {
namespace {

int bind_to(int fd, const address& at) noexcept { return ::bind(fd, at.data(), at.size()) == 0 ? 0 : -errno; }

/// Whether the file of a Unix address is left from a socket that is gone. A datagram socket asks, because it
/// is refused by a stream socket that is there (EPROTOTYPE) without bothering it with a connection.
bool is_stale(const address& at, const std::string& path) noexcept {
  struct ::stat file;
  // a link is not the socket's, whatever it leads to
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  const int outcome = try_connect(fd, at.data(), at.size());
  ::close(fd);
  return outcome == -ECONNREFUSED;
}

int prepare(int fd, const address& at, const listen_options& options) {
  int refused = 0;
  const auto set = [&](int level, int name, bool value) {
    if (refused == 0)
      refused = set_option(fd, level, name, value ? 1 : 0);
  };
  if (at.is_ip()) {
    set(SOL_SOCKET, SO_REUSEADDR, true);
    if (options.reuse_port)
      set(SOL_SOCKET, SO_REUSEPORT, true);
    // connections inherit it
    set(IPPROTO_TCP, TCP_NODELAY, options.nodelay);
    if (at.what() == address::kind::ipv6)
      set(IPPROTO_IPV6, IPV6_V6ONLY, options.only_ipv6);
  }
  if (refused == 0)
    refused = bind_to(fd, at);
  if (refused == -EADDRINUSE && at.what() == address::kind::unix_path && options.replace_stale_file &&
      remove_stale_file(at))
    refused = bind_to(fd, at);
  if (refused == 0 && ::listen(fd, options.backlog) != 0)
    refused = -errno;
  return refused;
}

} // namespace

bool remove_stale_file(const address& at) {
  const std::string path(at.unix_name());
  return is_stale(at, path) && ::unlink(path.c_str()) == 0;
}

result<listening> open_listening(const address& at, const listen_options& options) {
  const int fd = make_socket(at.family());
  const int refused = fd < 0 ? fd : prepare(fd, at, options);
  if (refused != 0) {
    if (fd >= 0)
      ::close(fd);
    return failure("listen on " + at.to_string(), -refused);
  }
  return listening{fd, address::local_of(fd).value_or(at)};
}

socket_file::socket_file(const address& at) {
  struct ::stat file;
  if (at.what() != address::kind::unix_path || ::lstat(std::string(at.unix_name()).c_str(), &file) != 0)
    return;
  path_ = at.unix_name();
  device_ = file.st_dev;
  number_ = file.st_ino;
}

void socket_file::swap(socket_file& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(number_, other.number_);
}

void socket_file::remove() noexcept {
  struct ::stat file;
  if (!path_.empty() && ::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ &&
      file.st_ino == number_)
    ::unlink(path_.c_str());
  path_.clear();
}

} // namespace detail

result<listener> listener::open(const address& at, const listen_options& options) {
  auto opened = detail::open_listening(at, options);
  if (!opened)
    return opened.error();
  listener out;
  out.file_ = detail::socket_file(opened->at);
  auto handle = detail::socket_handle::open(opened->fd);
  if (!handle)
    return handle.error();
  out.handle_ = std::move(*handle);
  out.local_ = opened->at;
  return out;
}

result<stream> listener::accept(std::chrono::nanoseconds timeout) {
  constexpr const char* what = "accept";
  if (!handle_)
    return detail::is_closed(what);
  detail::socket& s = *handle_;
  detail::operation op(timeout);
  using attempt = detail::readiness_of_socket::attempt;
  for (;;) {
    const attempt now = s.reading.begin(op.only_looks());
    int gave_up = now == attempt::busy ? EBUSY : 0;
    auto then = detail::after_accept::wait;
    if (now == attempt::go) {
      const int fd = detail::try_accept(s.fd);
      then = fd >= 0 ? detail::after_accept::again : detail::classify_accept_error(-fd);
      s.reading.end(then == detail::after_accept::wait);
      op.spend(0);
      if (fd >= 0) {
        auto handle = detail::socket_handle::open(fd);
        return handle ? result<stream>(stream(std::move(*handle))) : result<stream>(handle.error());
      }
      if (then == detail::after_accept::fail)
        return detail::failure(what, -fd);
    }
    if (gave_up == 0 && then == detail::after_accept::wait)
      gave_up = op.wait(s.reading, core::wait_kind::readable);
    else if (then == detail::after_accept::pause)
      gave_up = op.pause(detail::accept_pause);
    if (gave_up != 0)
      return detail::gave_up(what, gave_up);
  }
}

void listener::close() noexcept {
  handle_.close();
  file_.remove();
}

} // namespace perron::runtime::net
