// SPDX-License-Identifier: BSD-3-Clause
#include "support/program.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

namespace perron::testing {
namespace {

constexpr std::uint16_t its_port = 8080;

TEST(hello, greets_and_ends) {
  if (raw_client().connect(its_port))
    GTEST_SKIP() << "port 8080 is somebody else's";
  program hello(PERRON_BIN_DIR "/hello", {});
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
