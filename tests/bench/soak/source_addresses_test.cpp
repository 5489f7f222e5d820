// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/source_addresses.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <set>

namespace perron::soak {
namespace {

constexpr std::uint32_t loopback = 0x7f000001;

TEST(source_addresses, loopback_has_addresses_for_many_millions) {
  const auto sources = parse_sources("", loopback);
  ASSERT_TRUE(sources);
  EXPECT_GE(sources->room(), 100'000'000U);
  EXPECT_EQ(sources->of_held(0), loopback);
  EXPECT_EQ(sources->of_held(9'999), loopback);
  EXPECT_EQ(sources->of_held(10'000), loopback + 1);
  EXPECT_EQ(sources->of_held(999'999), loopback + 99);
}

TEST(source_addresses, towards_other_servers_the_system_chooses) {
  const auto sources = parse_sources("", 0x0a000001);
  ASSERT_TRUE(sources);
  EXPECT_EQ(sources->room(), 0U);
  EXPECT_EQ(sources->of_held(123'456), 0U);
  EXPECT_EQ(sources->of_passing(3, 77), 0U);
}

TEST(source_addresses, a_million_have_no_more_than_their_ports_at_each) {
  const auto sources = parse_sources("", loopback);
  ASSERT_TRUE(sources);
  std::map<std::uint32_t, unsigned> used;
  for (std::uint64_t i = 0; i < 1'000'000; ++i)
    ++used[sources->of_held(i)];
  for (const auto& [address, count] : used)
    EXPECT_LE(count, source_addresses::per_address) << address;
}

TEST(source_addresses, those_who_pass_take_turns_and_processes_keep_apart) {
  const auto sources = parse_sources("", loopback);
  ASSERT_TRUE(sources);
  std::set<std::uint32_t> one;
  std::set<std::uint32_t> other;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    one.insert(sources->of_passing(0, i));
    other.insert(sources->of_passing(1, i));
  }
  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(other.size(), 64U);
  for (const std::uint32_t address : one)
    EXPECT_FALSE(other.contains(address));
}

TEST(source_addresses, a_range_is_used_up_and_then_again) {
  const auto sources = parse_sources("10.0.0.250-10.0.1.1", 0x0a000001);
  ASSERT_TRUE(sources);
  EXPECT_EQ(sources->count, 8U);
  EXPECT_EQ(sources->of_held(70'000), 0x0a000101U);
  EXPECT_EQ(sources->of_held(80'000), 0x0a0000faU);
}

TEST(source_addresses, what_is_no_address_or_range_is_an_error) {
  for (const char* const text :
       {"x", "10.0.0", "10.0.0.1-", "10.0.0.2-10.0.0.1", "1.2.3.4-9.2.3.4", "-", "::1"}) {
    const auto sources = parse_sources(text, loopback);
    ASSERT_FALSE(sources) << text;
    EXPECT_EQ(sources.error().code, EINVAL);
    EXPECT_FALSE(sources.error().text.empty());
  }
}

} // namespace
} // namespace perron::soak
