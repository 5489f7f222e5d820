// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/resolve.hpp>

#include "support/node_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace perron::runtime::net {
namespace {

using namespace std::string_view_literals;
using kind = address::kind;

TEST(Address, ReadsAndWritesEachForm) {
  struct {
    std::string_view text;
    kind what;
    std::uint16_t port;
  } const forms[] = {
      {"127.0.0.1:8080", kind::ipv4, 8080},
      {"0.0.0.0:0", kind::ipv4, 0},
      {"255.255.255.255:65535", kind::ipv4, 65535},
      {"[::1]:80", kind::ipv6, 80},
      {"[::]:0", kind::ipv6, 0},
      {"[2001:db8::7]:443", kind::ipv6, 443},
      {"[fe80::1%7]:80", kind::ipv6, 80},
      {"unix:/run/chat.sock", kind::unix_path, 0},
      {"unix:chat.sock", kind::unix_path, 0},
      {"unix:@chat", kind::unix_abstract, 0},
      {"unix:@", kind::unix_abstract, 0},
  };
  for (const auto& form : forms) {
    const auto a = address::parse(form.text);
    ASSERT_TRUE(a) << form.text << ": " << a.error().text;
    EXPECT_EQ(a->what(), form.what) << form.text;
    EXPECT_EQ(a->port(), form.port) << form.text;
    EXPECT_EQ(a->to_string(), form.text);
    EXPECT_EQ(*a, address::parse(a->to_string()).value());
  }
}

TEST(Address, RefusesWhatIsNone) {
  for (const auto text : {""sv,
                          ":"sv,
                          "80"sv,
                          "127.0.0.1"sv,
                          "127.0.0.1:"sv,
                          "127.0.0.1:65536"sv,
                          "127.0.0.1:-1"sv,
                          "127.0.0.1:80x"sv,
                          "127.0.0.1: 80"sv,
                          "127.0.0:80"sv,
                          "127.0.0.1.1:80"sv,
                          "256.0.0.1:80"sv,
                          "localhost:80"sv,
                          "::1:80"sv,
                          "[::1]"sv,
                          "[::1:80"sv,
                          "[]:80"sv,
                          "[::1%]:80"sv,
                          "[::1%no such interface]:80"sv,
                          "[127.0.0.1]:80"sv,
                          "unix:"sv,
                          "127.0.0.1\0:80"sv,
                          "unix:/a\0b"sv}) {
    const auto a = address::parse(text);
    ASSERT_FALSE(a) << text;
    EXPECT_EQ(a.error().code, EINVAL) << text;
  }
}

TEST(Address, RefusesUnixNamesThatDoNotFit) {
  const std::string longest(107, 'x');
  EXPECT_EQ(address::unix_path(longest).value().unix_name(), longest);
  EXPECT_EQ(address::unix_abstract(longest).value().unix_name(), longest);
  EXPECT_EQ(address::unix_path(longest + 'x').error().code, ENAMETOOLONG);
  EXPECT_EQ(address::unix_abstract(longest + 'x').error().code, ENAMETOOLONG);
  EXPECT_EQ(address::parse("unix:" + longest + 'x').error().code, ENAMETOOLONG);
}

TEST(Address, ComparesByMeaning) {
  EXPECT_EQ(address::loopback(80), address::parse("127.0.0.1:80").value());
  EXPECT_EQ(address::any(80), address::parse("0.0.0.0:80").value());
  EXPECT_EQ(address::any_ipv6(80), address::parse("[::]:80").value());
  EXPECT_FALSE(address::loopback(80) == address::loopback(81));
  EXPECT_FALSE(address::parse("unix:chat").value() == address::parse("unix:@chat").value());
  EXPECT_EQ(address(), address());
  EXPECT_EQ(address().to_string(), "-");
}

TEST(Address, TakesAnotherPort) {
  for (const auto* text : {"10.0.0.1:1", "[::1]:1", "unix:/x"}) {
    address a = address::parse(text).value();
    a.set_port(4711);
    EXPECT_EQ(a.port(), a.is_ip() ? 4711 : 0) << text;
  }
}

TEST(Address, OfAnUnknownFamilyIsNone) {
  ::sockaddr strange{};
  strange.sa_family = AF_PACKET;
  EXPECT_EQ(address::from_system(&strange, sizeof strange).what(), kind::none);
  EXPECT_EQ(address::from_system(&strange, 1).what(), kind::none);
}

using Resolve = perron::testing::node_fixture;

TEST_F(Resolve, TakesNumbersAsTheyAre) {
  run([] {
    EXPECT_EQ(resolve("127.0.0.1", 80).value().front(), address::loopback(80));
    EXPECT_EQ(resolve("::1", 80).value().front(), address::parse("[::1]:80").value());
  });
}

TEST_F(Resolve, FindsTheLocalHost) {
  run([] {
    const auto found = resolve("localhost", 80);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_TRUE(std::all_of(found->begin(), found->end(), [](const address& a) { return a.port() == 80; }));
  });
}

// RFC 6761 6.3
TEST_F(Resolve, NamesUnderLocalhostAreThisMachineAlsoWhereNobodyKnowsThem) {
  run([] {
    for (const char* name : {"a.localhost", "No.Such.LOCALHOST."}) {
      const auto found = resolve(name, 80);
      ASSERT_TRUE(found) << found.error().text;
      EXPECT_TRUE(std::any_of(found->begin(), found->end(), [](const address& a) {
        return a == address::loopback(80) || a == address::parse("[::1]:80").value();
      }));
    }
    for (const char* name : {"nolocalhost", "localhost.invalid"})
      EXPECT_FALSE(resolve(name, 80)) << name;
  });
}

TEST_F(Resolve, SaysWhatItDidNotFind) {
  run([] {
    const auto found = resolve("no such host", 80);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().text.find("'no such host'"), std::string::npos) << found.error().text;
  });
}

} // namespace
} // namespace perron::runtime::net
