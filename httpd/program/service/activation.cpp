// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/activation.hpp>

#include <perron/httpd/program/service/environment.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace perron::httpd::program {
namespace {

constexpr int first_inherited = 3; // SD_LISTEN_FDS_START
constexpr int most_inherited = 10'000;

std::string address_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (at.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(at);
    ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return socket_address(text.data(), ntohs(four.sin_port));
  }
  if (at.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(at);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return socket_address(text.data(), ntohs(six.sin6_port));
  }
  if (at.ss_family != AF_UNIX || size <= offsetof(sockaddr_un, sun_path))
    return {};
  const auto& local = reinterpret_cast<const sockaddr_un&>(at);
  const std::size_t length = size - offsetof(sockaddr_un, sun_path);
  if (local.sun_path[0] == '\0')
    return "unix:@" + std::string(local.sun_path + 1, length - 1);
  return "unix:" + std::string(local.sun_path, ::strnlen(local.sun_path, length));
}

bool listens(int fd) {
  int type = 0;
  int accepts = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
    return false;
  size = sizeof accepts;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts != 0;
}

} // namespace

std::string socket_address(std::string_view host, unsigned port) {
  if (host.substr(0, 5) == "unix:")
    return std::string(host);
  std::string out(host);
  if (host.find(':') != std::string_view::npos && host.front() != '[')
    out = '[' + out + ']';
  return out + ':' + std::to_string(port);
}

runtime::result<std::vector<inherited_socket>> take_inherited_sockets() {
  const std::string count = take_variable("LISTEN_FDS");
  const std::string pid = take_variable("LISTEN_PID");
  std::string names = take_variable("LISTEN_FDNAMES");
  std::vector<inherited_socket> out;
  if (count.empty() || pid != std::to_string(::getpid()))
    return out;
  const auto number = number_of<int>(count);
  if (!number || *number < 0 || *number > most_inherited)
    return runtime::error{"LISTEN_FDS=" + count + ": not a number of descriptors", EINVAL};
  for (int fd = first_inherited; fd < first_inherited + *number; ++fd) {
    const std::size_t colon = names.find(':');
    inherited_socket s{fd, names.substr(0, colon), {}};
    names.erase(0, colon == std::string::npos ? names.size() : colon + 1);
    if (!listens(fd))
      return runtime::error{"descriptor " + std::to_string(fd) + " ('" + s.name +
                                "') from the service manager is no socket that listens for streams",
                            EINVAL};
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    s.address = address_of(fd);
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<int> take_sockets_of(std::vector<inherited_socket>& all, std::string_view name,
                                 std::string_view address) {
  std::vector<int> out;
  for (auto s = all.begin(); s != all.end();) {
    if ((!name.empty() && s->name == name) || s->address == address) {
      out.push_back(s->fd);
      s = all.erase(s);
    } else {
      ++s;
    }
  }
  return out;
}

} // namespace perron::httpd::program
