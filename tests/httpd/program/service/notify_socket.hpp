// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "support/events.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

namespace perron::testing {

/// What a service manager listens at: each datagram is one message. "@name" is an abstract socket.
class notify_socket {
public:
  explicit notify_socket(std::string name)
      : name_(std::move(name)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name_.data(), name_.size());
    if (name_[0] == '@')
      at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), size), 0) << std::strerror(errno);
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~notify_socket() { ::close(fd_); }
  notify_socket(const notify_socket&) = delete;
  notify_socket& operator=(const notify_socket&) = delete;

  const std::string& name() const noexcept { return name_; }

  /// The next message; waits for it.
  std::string next() {
    std::array<char, 4096> text{};
    const ssize_t n = ::recv(fd_, text.data(), text.size(), 0);
    EXPECT_GE(n, 0) << "no message came";
    return n < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(n));
  }
  /// The next one that is not of the kind that comes all the time.
  std::string next_but_watchdog() {
    std::string text = next();
    while (text == "WATCHDOG=1")
      text = next();
    return text;
  }

private:
  const std::string name_;
  const int fd_;
};

} // namespace perron::testing
