// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/address_limits.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd::core {
namespace {

using answer = address_limits::answer;

ip_address ip(std::string_view text) { return ip_address::parse(text).value(); }
ip_address numbered(unsigned i) {
  return ip("10." + std::to_string(i >> 16 & 255U) + '.' + std::to_string(i >> 8 & 255U) + '.' +
            std::to_string(i & 255U));
}

address_limits connections(std::uint32_t most) { return address_limits({.max_connections = most}, 1); }
address_limits requests(std::uint32_t rate, std::uint32_t burst) {
  return address_limits({.requests_per_second = rate, .burst = burst}, 1);
}

TEST(address_limits, are_off_unless_asked_for) {
  EXPECT_FALSE(address_limit_options{}.is_on());
  address_limits none({}, 1);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(none.take_connection(ip("192.0.2.1"), 0), answer::unlimited);
    EXPECT_TRUE(none.take_request(ip("192.0.2.1"), 0));
  }
  EXPECT_EQ(none.size(), 0U);
}

TEST(address_limits, each_address_has_its_own_connections) {
  address_limits limits = connections(2);
  for (const std::string_view address : {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1"}) {
    EXPECT_EQ(limits.take_connection(ip(address), 0), answer::yes);
    EXPECT_EQ(limits.take_connection(ip(address), 0), answer::yes);
    EXPECT_EQ(limits.take_connection(ip(address), 0), answer::no);
  }
  limits.connection_ended(ip("192.0.2.1"));
  EXPECT_EQ(limits.take_connection(ip("192.0.2.1"), 0), answer::yes);
  EXPECT_EQ(limits.take_connection(ip("192.0.2.1"), 0), answer::no);
  EXPECT_EQ(limits.take_connection(ip("192.0.2.2"), 0), answer::no);
}

TEST(address_limits, an_ipv6_network_is_one_client) {
  address_limits limits = connections(1);
  EXPECT_EQ(limits.take_connection(ip("2001:db8::1"), 0), answer::yes);
  EXPECT_EQ(limits.take_connection(ip("2001:db8::ffff:ffff:ffff:ffff"), 0), answer::no);
  EXPECT_EQ(limits.take_connection(ip("2001:db8:0:1::1"), 0), answer::yes);
  address_limits wide({.max_connections = 1, .ipv6_prefix = 48}, 1);
  EXPECT_EQ(wide.take_connection(ip("2001:db8::1"), 0), answer::yes);
  EXPECT_EQ(wide.take_connection(ip("2001:db8:0:1::1"), 0), answer::no);
  EXPECT_EQ(wide.take_connection(ip("2001:db8:1::1"), 0), answer::yes);
}

TEST(address_limits, ipv4_within_ipv6_is_the_same_client) {
  address_limits limits = connections(1);
  EXPECT_EQ(limits.take_connection(ip("192.0.2.1"), 0), answer::yes);
  EXPECT_EQ(limits.take_connection(ip("::ffff:192.0.2.1"), 0), answer::no);
  EXPECT_EQ(limits.take_connection(ip("::1"), 0), answer::yes) << "which is none of IPv4";
}

TEST(address_limits, a_burst_is_used_up_and_comes_back_with_time) {
  address_limits limits = requests(10, 3);
  const ip_address client = ip("192.0.2.1");
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(limits.take_request(client, 1000));
  EXPECT_FALSE(limits.take_request(client, 1000));
  EXPECT_FALSE(limits.take_request(client, 1099));
  EXPECT_TRUE(limits.take_request(client, 1100)) << "one tenth of a second";
  EXPECT_FALSE(limits.take_request(client, 1100));
  EXPECT_TRUE(limits.take_request(ip("192.0.2.2"), 1100)) << "others are not concerned";
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(limits.take_request(client, 1'000'000)) << "no more than the burst, however long it was";
  EXPECT_FALSE(limits.take_request(client, 1'000'000));
}

TEST(address_limits, a_rate_holds_over_a_long_time) {
  address_limits limits = requests(50, 1);
  const ip_address client = ip("192.0.2.1");
  int taken = 0;
  for (std::uint64_t now = 0; now < 100'000; now += 7)
    taken += limits.take_request(client, now) ? 1 : 0;
  EXPECT_LE(taken, 5001);
  EXPECT_GE(taken, 4700) << "the burst of one loses what comes between two steps of 7 ms";
}

TEST(address_limits, the_usual_burst_is_that_of_a_second_or_ten) {
  const auto burst_of = [](std::uint32_t rate) {
    address_limits limits = requests(rate, 0);
    int taken = 0;
    while (limits.take_request(ip("192.0.2.1"), 0))
      ++taken;
    return taken;
  };
  EXPECT_EQ(burst_of(1), 10);
  EXPECT_EQ(burst_of(100), 100);
}

TEST(address_limits, time_that_goes_back_gives_nothing) {
  address_limits limits = requests(1000, 1);
  EXPECT_TRUE(limits.take_request(ip("192.0.2.1"), 500));
  EXPECT_FALSE(limits.take_request(ip("192.0.2.1"), 400));
  EXPECT_TRUE(limits.take_request(ip("192.0.2.1"), 501));
}

TEST(address_limits, the_table_does_not_grow) {
  address_limits limits({.requests_per_second = 1, .burst = 1, .max_addresses = 1024}, 7);
  for (unsigned i = 0; i < 100'000; ++i)
    EXPECT_TRUE(limits.take_request(numbered(i), i));
  EXPECT_LE(limits.size(), 1024U);
  EXPECT_GE(limits.size(), 900U);
  EXPECT_FALSE(limits.take_request(numbered(99'999), 99'999)) << "who came last is remembered";
}

TEST(address_limits, connections_are_never_forgotten) {
  address_limits limits({.max_connections = 1, .requests_per_second = 1, .burst = 1, .max_addresses = 64}, 7);
  std::vector<ip_address> counted;
  for (unsigned i = 0; i < 1000; ++i)
    if (limits.take_connection(numbered(i), i) == answer::yes)
      counted.push_back(numbered(i));
  EXPECT_EQ(counted.size(), 64U);
  EXPECT_EQ(limits.take_connection(ip("192.0.2.1"), 1000), answer::unlimited)
      << "there is no room to count it";
  EXPECT_TRUE(limits.take_request(ip("192.0.2.1"), 1000));
  EXPECT_TRUE(limits.take_request(ip("192.0.2.1"), 1000));
  for (const ip_address& each : counted)
    EXPECT_EQ(limits.take_connection(each, 2000), answer::no);
  for (const ip_address& each : counted)
    limits.connection_ended(each);
  for (const ip_address& each : counted)
    EXPECT_EQ(limits.take_connection(each, 3000), answer::yes);
}

TEST(address_limits, rows_fill_evenly_whatever_the_secret) {
  for (const std::uint64_t secret :
       {std::uint64_t(0), std::uint64_t(1), std::uint64_t(0xdead'beef'dead'beef)}) {
    address_limits limits({.max_connections = 1, .max_addresses = 16 * 1024}, secret);
    unsigned counted = 0;
    for (unsigned i = 0; i < 8 * 1024; ++i)
      counted += limits.take_connection(numbered(i), 0) == answer::yes ? 1 : 0;
    EXPECT_GE(counted, 8 * 1024 - 100U) << "half full, and rows that overflow are rare";
  }
}

TEST(address_limits, several_threads_take_no_more_than_there_is) {
  address_limits limits({.max_connections = 10, .requests_per_second = 1, .burst = 1000}, 1);
  std::atomic<int> connections_taken{0};
  std::atomic<int> requests_taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        if (limits.take_connection(ip("192.0.2.1"), 0) == answer::yes)
          ++connections_taken;
        if (limits.take_request(ip("192.0.2.1"), 0))
          ++requests_taken;
      }
    });
  for (std::thread& t : threads)
    t.join();
  EXPECT_EQ(connections_taken, 10);
  EXPECT_EQ(requests_taken, 1000);
}

} // namespace
} // namespace perron::httpd::core
