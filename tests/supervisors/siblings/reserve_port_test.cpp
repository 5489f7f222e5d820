// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/siblings.hpp>

#include "support/loopback.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace perron::siblings {
namespace {

/// A socket that listens on a port, with SO_REUSEPORT or without.
class listening {
public:
  listening(std::uint16_t port, bool joins) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (joins)
      ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    const bool done = testing::bind_to(fd_, testing::loopback(port)) == 0 && ::listen(fd_, 1) == 0;
    code = done ? 0 : errno;
  }
  ~listening() { ::close(fd_); }
  listening(const listening&) = delete;
  listening& operator=(const listening&) = delete;

  int code = 0; ///< errno

private:
  int fd_;
};

TEST(siblings_reserve_port, keeps_a_free_one_for_those_who_join) {
  const auto port = reserve_port("127.0.0.1", 0);
  ASSERT_TRUE(port) << port.error().text;
  EXPECT_NE(*port, 0);
  const listening first(*port, true);
  const listening second(*port, true);
  EXPECT_EQ(first.code, 0);
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(listening(*port, false).code, EADDRINUSE);
}

TEST(siblings_reserve_port, says_when_somebody_listens_there) {
  const auto port = reserve_port("127.0.0.1", 0);
  ASSERT_TRUE(port);
  const listening somebody(*port, true);
  ASSERT_EQ(somebody.code, 0);
  const auto again = reserve_port("127.0.0.1", *port);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EADDRINUSE);
  EXPECT_EQ(again.error().text,
            "reserve 127.0.0.1:" + std::to_string(*port) + ": bind: Address already in use");
}

TEST(siblings_reserve_port, takes_numbers_only) {
  EXPECT_EQ(reserve_port("localhost", 0).error().code, EINVAL);
}

} // namespace
} // namespace perron::siblings
