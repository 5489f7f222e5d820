// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/client_process.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace perron::soak {
namespace {

scenario of(const std::vector<share>& shares) {
  scenario s;
  s.shares = shares;
  return s;
}

share some(mode what, std::uint32_t connections) {
  share s;
  s.what = what;
  s.connections = connections;
  return s;
}

TEST(client_process, all_connections_are_dealt_out_evenly_and_in_order) {
  const auto dealt = deal_out(of({some(mode::idle, 1'000'000), some(mode::ws, 7)}), 19'000);
  ASSERT_EQ(dealt.size(), 54U);
  std::uint64_t idle = 0;
  std::uint64_t ws = 0;
  for (std::size_t i = 0; i + 1 < dealt.size(); ++i) {
    EXPECT_EQ(dealt[i].process, i);
    EXPECT_EQ(dealt[i].first, idle + ws);
    EXPECT_FALSE(dealt[i].directs);
    EXPECT_LE(dealt[i].total(), 19'002U);
    EXPECT_GE(dealt[i].total(), 18'867U);
    idle += dealt[i].links[0];
    ws += dealt[i].links[1];
  }
  EXPECT_EQ(idle, 1'000'000U);
  EXPECT_EQ(ws, 7U);
  EXPECT_TRUE(dealt.back().directs);
  EXPECT_EQ(dealt.back().total(), 0U);
}

TEST(client_process, rooms_are_not_divided) {
  share chat = some(mode::chat, 1'000);
  chat.room = 50;
  std::uint64_t all = 0;
  for (const assignment& each : deal_out(of({chat}), 170)) {
    all += each.total();
    EXPECT_EQ(each.total() % 50, 0U);
  }
  EXPECT_EQ(all, 1'000U);
}

TEST(client_process, one_is_enough_for_few) {
  EXPECT_EQ(deal_out(of({some(mode::idle, 1)}), 19'000).size(), 2U);
}

} // namespace
} // namespace perron::soak
