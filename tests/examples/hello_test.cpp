// SPDX-License-Identifier: BSD-3-Clause
#include "support/loopback.hpp"
#include "support/program.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace perron::testing {
namespace {

/// A port that nobody listens on, most likely also a moment later; below those that the system gives to who
/// connects, as who connects to such a one may meet himself.
std::uint16_t free_port() {
  auto port = static_cast<std::uint16_t>(20'000 + ::getpid() % 10'000);
  for (bool taken = true; taken;) {
    ++port;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    taken = bind_to(fd, loopback(port)) != 0;
    ::close(fd);
  }
  return port;
}

TEST(hello, greets_and_ends) {
  const std::uint16_t its_port = free_port();
  program hello(PERRON_BIN_DIR "/hello", {"--port", std::to_string(its_port)});
  raw_client c;
  while (!c.connect(its_port)) { // it does not say when it is up
    c = raw_client();
    if (hello.has_ended())
      break;
  }
  ASSERT_FALSE(hello.has_ended()) << hello.logged();
  EXPECT_EQ(c.get("/").body, "Hello, world!\n");
  EXPECT_EQ(c.get("/hello/J%C3%BCrgen").body, "Hello, J\xc3\xbcrgen!\n");
  EXPECT_EQ(c.get("/bye").status, 404);
  hello.signal(SIGTERM);
  EXPECT_EQ(hello.wait(), 0) << hello.logged();
  EXPECT_TRUE(c.at_end());
  EXPECT_FALSE(raw_client().connect(its_port));
}

} // namespace
} // namespace perron::testing
