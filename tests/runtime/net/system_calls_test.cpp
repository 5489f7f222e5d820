// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/system_calls.hpp>

#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <climits>
#include <vector>

namespace perron::runtime::net::detail {
namespace {

/// A socket that is closed at the end.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() { ::close(fd_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  operator int() const { return fd_; }

private:
  int fd_;
};

TEST(waiting_to_be_accepted, counts_those_of_a_listening_tcp_socket) {
  const descriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&at), size), 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), INT_MAX) << "it does not listen yet";
  ASSERT_EQ(::listen(listening, 16), 0);
  ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size), 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), 0);
  std::vector<testing::raw_client> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(testing::raw_client::to(ntohs(at.sin_port)));
    EXPECT_EQ(waiting_to_be_accepted(listening), i);
  }
  const descriptor one(try_accept(listening));
  EXPECT_GE(one, 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), 2);
  EXPECT_EQ(waiting_to_be_accepted(one), INT_MAX) << "it does not listen";
}

TEST(waiting_to_be_accepted, is_unknown_for_other_sockets) {
  const descriptor other(::socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(waiting_to_be_accepted(other), INT_MAX);
  EXPECT_EQ(waiting_to_be_accepted(-1), INT_MAX);
}

} // namespace
} // namespace perron::runtime::net::detail
