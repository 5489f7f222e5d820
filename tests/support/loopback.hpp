// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace perron::testing {

/// 127.0.0.1; port 0: any, for bind.
inline sockaddr_in loopback(std::uint16_t port = 0) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

/// Give errno's -1 where it cannot be done.
inline int bind_to(int fd, const sockaddr_in& at) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
}
inline int connect_to(int fd, const sockaddr_in& at) {
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
}

/// The own end of a socket.
inline sockaddr_in local_address(int fd) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size), 0);
  return at;
}
inline std::uint16_t port_of(int fd) { return ntohs(local_address(fd).sin_port); }

/// A socket that listens on a free port; the caller's to close.
inline int listen_on_loopback(int backlog = 1) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind_to(fd, loopback()), 0);
  EXPECT_EQ(::listen(fd, backlog), 0);
  return fd;
}

} // namespace perron::testing
