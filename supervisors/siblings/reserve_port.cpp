// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings.hpp>

#include <perron/runtime/net/address.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace perron::siblings {

namespace net = runtime::net;

runtime::result<std::uint16_t> reserve_port(const std::string& host, std::uint16_t port) {
  const std::string text = (host.find(':') != std::string::npos ? '[' + host + ']' : host) + ':';
  auto where = net::address::parse(text + std::to_string(port));
  if (!where)
    return where.error();
  const auto failure = [&](const char* step, int code) {
    return runtime::error{"reserve " + where->to_string() + ": " + step + ": " + std::strerror(code), code};
  };
  const int socket = ::socket(where->family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0)
    return failure("socket", errno);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket, where->data(), where->size()) != 0) {
    const auto why = failure("bind", errno);
    ::close(socket);
    return why;
  }
  // only now: at bind it would have let it join whoever listens there already
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const auto bound = net::address::local_of(socket);
  if (!bound) {
    ::close(socket);
    return bound.error();
  }
  return bound->port(); // the socket stays, in every process of the program
}

} // namespace perron::siblings
