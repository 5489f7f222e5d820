// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/siblings/place.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using perron::httpd::node_of;

TEST(node_of, is_one_of_the_nodes_and_always_the_same) {
  EXPECT_EQ(node_of("lobby", 1), 0U);
  EXPECT_LT(node_of("lobby", 3), 3U);
  EXPECT_EQ(node_of("lobby", 3), node_of("lobby", 3));
}

TEST(node_of, spreads_names_evenly) {
  std::vector<unsigned> of(5);
  for (int i = 0; i < 5000; ++i)
    ++of[node_of("room-" + std::to_string(i), 5)];
  for (const unsigned count : of) {
    EXPECT_GT(count, 800U);
    EXPECT_LT(count, 1200U);
  }
}

TEST(node_of, moves_few_names_when_there_is_one_node_more) {
  int moved = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "room-" + std::to_string(i);
    if (node_of(name, 5) != node_of(name, 6)) {
      ++moved;
      EXPECT_EQ(node_of(name, 6), 5U);
    }
  }
  EXPECT_GT(moved, 600);
  EXPECT_LT(moved, 1100);
}

} // namespace
