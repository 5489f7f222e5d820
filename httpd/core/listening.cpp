// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/listening.hpp>

#include <perron/runtime/net/address.hpp>
#include <perron/supervisors/siblings.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

namespace perron::httpd::core {

namespace net = runtime::net;

namespace {

constexpr std::string_view unix_mark = "unix:";

runtime::error failure(const server_options& options, const char* step, int code) {
  std::string where = options.host;
  if (!where.starts_with(unix_mark))
    where = (where.find(':') != std::string::npos ? '[' + where + ']' : where) + ':' +
            std::to_string(options.port);
  return {"listen on " + where + ": " + step + ": " + std::strerror(code), code};
}

void limit_unsent(int socket, std::size_t bytes) noexcept {
  const int most = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
  if (bytes != 0)
    ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most, sizeof most);
}

/// Inherited by accepted sockets, which saves system calls for each.
void prepare_tcp(int socket, const server_options& options) noexcept {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  limit_unsent(socket, options.max_unsent);
}

std::uint16_t port_of(int socket) {
  const auto at = net::address::local_of(socket);
  return at ? at->port() : std::uint16_t(0);
}

int new_socket(int family) noexcept {
  return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// `joins`: others of this server have the port already. The first one joins nobody, so that a port which
/// another program listens on is an error.
runtime::result<int> open_one_tcp(const server_options& options, std::uint16_t port, bool joins) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  const bool is_four = ::inet_pton(AF_INET, options.host.c_str(), &four.sin_addr) == 1;
  if (!is_four && ::inet_pton(AF_INET6, options.host.c_str(), &six.sin6_addr) != 1)
    return runtime::error{
        "listen on '" + options.host + "': not a numeric IPv4 or IPv6 address, nor unix:/path", EINVAL};
  const int socket = new_socket(is_four ? AF_INET : AF_INET6);
  if (socket < 0)
    return failure(options, "socket", errno);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (joins)
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  prepare_tcp(socket, options);
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  const auto* where =
      is_four ? reinterpret_cast<const sockaddr*>(&four) : reinterpret_cast<const sockaddr*>(&six);
  const char* step = "bind";
  bool done = ::bind(socket, where, is_four ? sizeof four : sizeof six) == 0;
  if (done) {
    // for the first only now: at bind it would have let it join whoever listens there already
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    step = "listen";
    done = ::listen(socket, options.backlog) == 0;
  }
  if (done)
    return socket;
  auto why = failure(options, step, errno);
  ::close(socket);
  return why;
}

} // namespace

listening_sockets::listening_sockets(listening_sockets&& other) noexcept
    : sockets_(std::exchange(other.sockets_, {})), file_(std::move(other.file_)), port_(other.port_),
      inherited_(other.inherited_) {}

listening_sockets& listening_sockets::operator=(listening_sockets&& other) noexcept {
  if (this != &other) {
    close();
    sockets_ = std::exchange(other.sockets_, {});
    file_ = std::move(other.file_);
    port_ = other.port_;
    inherited_ = other.inherited_;
  }
  return *this;
}

void listening_sockets::close() noexcept {
  file_.remove();
  for (const int socket : std::exchange(sockets_, {})) {
    if (!inherited_)
      ::shutdown(socket, SHUT_RD);
    ::close(socket);
  }
}

std::vector<int> listening_sockets::release() noexcept {
  file_.leave();
  return std::exchange(sockets_, {});
}

runtime::result<listening_sockets> listening_sockets::open(const server_options& options, std::size_t most) {
  listening_sockets out;
  const auto opened =
      options.host.starts_with(unix_mark) ? out.open_unix(options) : out.open_tcp(options, most);
  if (!opened)
    return opened.error();
  return out;
}

runtime::result<void> listening_sockets::open_tcp(const server_options& options, std::size_t count) {
  port_ = options.port;
  for (std::size_t i = 0; i < count; ++i) {
    // the program keeps a port for all of its nodes (siblings::reserve_port), so there is no stranger to join
    const auto opened = open_one_tcp(options, port_, i != 0 || siblings::count() > 1);
    if (!opened)
      return opened.error();
    sockets_.push_back(*opened);
    port_ = port_of(*opened);
  }
  return {};
}

runtime::result<void> listening_sockets::open_unix(const server_options& options) {
  const std::string path = options.host.substr(unix_mark.size());
  const auto where = net::address::unix_path(path);
  if (!path.starts_with('/') || !where)
    return runtime::error{"listen on '" + options.host +
                              "': the path does not begin with '/', or has more than " +
                              std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes",
                          EINVAL};
  const int socket = new_socket(AF_UNIX);
  if (socket < 0)
    return failure(options, "socket", errno);
  sockets_.push_back(socket);
  // before bind, so that there is no moment in which the file has other rights (the umask takes from these)
  ::fchmod(socket, options.unix_mode);
  if (::bind(socket, where->data(), where->size()) != 0) {
    int code = errno;
    if (code == EADDRINUSE && net::detail::remove_stale_file(*where))
      code = ::bind(socket, where->data(), where->size()) == 0 ? 0 : errno;
    if (code != 0)
      return failure(options, "bind", code);
  }
  file_ = net::detail::socket_file(*where);
  // nobody can connect before listen
  if ((options.unix_uid || options.unix_gid) &&
      ::lchown(path.c_str(), options.unix_uid.value_or(static_cast<::uid_t>(-1)),
               options.unix_gid.value_or(static_cast<::gid_t>(-1))) != 0)
    return failure(options, "change its owner", errno);
  if (::chmod(path.c_str(), options.unix_mode) != 0)
    return failure(options, "change its mode", errno);
  if (::listen(socket, options.backlog) != 0)
    return failure(options, "listen", errno);
  return {};
}

runtime::result<listening_sockets> listening_sockets::inherit(const server_options& options,
                                                              std::size_t most) {
  if (options.inherited.size() > most)
    return runtime::error{"inherited: " + std::to_string(options.inherited.size()) + " sockets for " +
                              std::to_string(most) + " workers",
                          EINVAL};
  listening_sockets out;
  out.inherited_ = true;
  for (const int original : options.inherited) {
    int is_listening = 0;
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(original, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 || is_listening == 0 ||
        ::getsockopt(original, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
      return runtime::error{
          "inherited: descriptor " + std::to_string(original) + " is no listening stream socket", EINVAL};
    const int copy = ::fcntl(original, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
      return failure(options, "copy an inherited socket", errno);
    out.sockets_.push_back(copy);
    ::fcntl(copy, F_SETFL, ::fcntl(copy, F_GETFL) | O_NONBLOCK);
    out.port_ = port_of(copy);
    if (out.port_ != 0)
      prepare_tcp(copy, options);
  }
  return out;
}

int listening_sockets::copy_for(std::size_t at) const noexcept {
  const int copy = ::fcntl(sockets_[at % sockets_.size()], F_DUPFD_CLOEXEC, 0);
  return copy >= 0 ? copy : -errno;
}

void listening_sockets::set_max_unsent(std::size_t bytes) const noexcept {
  if (port_ != 0)
    for (const int socket : sockets_)
      limit_unsent(socket, bytes);
}

} // namespace perron::httpd::core
