// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/ip_address.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

std::string shown(std::string_view text) {
  const auto parsed = ip_address::parse(text);
  return parsed ? parsed->to_string() : "none";
}

bool is_in(std::string_view address, std::string_view network) {
  return ip_network::parse(network).value().contains(ip_address::parse(address).value());
}

TEST(ip_address, reads_and_writes_both_kinds) {
  EXPECT_EQ(shown("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(shown("2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(shown("::"), "::");
  EXPECT_TRUE(ip_address::parse("192.0.2.1")->is_ipv4());
  EXPECT_FALSE(ip_address::parse("::1")->is_ipv4());
}

TEST(ip_address, ipv4_in_ipv6_is_ipv4) {
  EXPECT_EQ(shown("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(ip_address::parse("::ffff:192.0.2.1"), ip_address::parse("192.0.2.1"));
}

TEST(ip_address, takes_nothing_else) {
  for (const std::string_view text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "a", "[::1]",
                                      "::1%lo", ":::", "1.2.3.4:80", " 1.2.3.4", "1.2.3.4 "})
    EXPECT_FALSE(ip_address::parse(text)) << text;
  EXPECT_FALSE(ip_address::parse(std::string(100, '1')));
  EXPECT_FALSE(ip_address::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(ip_address, of_what_is_no_socket_there_is_none) { EXPECT_FALSE(ip_address::of_peer(-1)); }

TEST(ip_network, holds_the_addresses_with_its_prefix) {
  EXPECT_TRUE(is_in("10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(is_in("11.0.0.0", "10.0.0.0/8"));
  EXPECT_TRUE(is_in("192.0.2.127", "192.0.2.0/25"));
  EXPECT_FALSE(is_in("192.0.2.128", "192.0.2.0/25"));
  EXPECT_TRUE(is_in("2001:db8:ffff::1", "2001:db8::/32"));
  EXPECT_FALSE(is_in("2001:db9::1", "2001:db8::/32"));
  EXPECT_TRUE(is_in("2001:db8::3", "2001:db8::2/127"));
  EXPECT_TRUE(is_in("1.2.3.4", "0.0.0.0/0"));
  EXPECT_FALSE(is_in("2001:db8::1", "0.0.0.0/0")) << "all of IPv4 is not all of IPv6";
  EXPECT_TRUE(is_in("1.2.3.4", "::/0"));
}

TEST(ip_network, an_address_alone_is_one_too) {
  EXPECT_TRUE(is_in("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(is_in("127.0.0.2", "127.0.0.1"));
  EXPECT_TRUE(is_in("::1", "::1"));
}

TEST(ip_network, takes_nothing_else) {
  for (const std::string_view text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
        "2001:db8::1/64", "10.0.0.0/ 8", "10.0.0.0/8/8", "host/8"})
    EXPECT_FALSE(ip_network::parse(text)) << text;
}

} // namespace
