// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/covers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::httpd::program {
namespace {

using nodes = std::vector<unsigned>;

covers all_up(unsigned count) {
  covers c;
  for (unsigned i = 0; i < count; ++i)
    c.set_up(i, true);
  return c;
}

TEST(covers, nobody_does_it_where_all_are_there_and_have_room) {
  const covers c = all_up(3);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_EQ(c.of(i, "web"), nodes{});
}

TEST(covers, the_next_does_it_for_one_that_is_gone) {
  covers c = all_up(3);
  c.set_up(2, false);
  EXPECT_EQ(c.of(0, "web"), nodes{2});
  EXPECT_EQ(c.of(1, "web"), nodes{});
  c.set_up(0, false);
  EXPECT_EQ(c.of(1, "web"), (nodes{0, 2}));
  c.set_up(2, true);
  EXPECT_EQ(c.of(1, "web"), nodes{0});
  EXPECT_EQ(c.of(2, "web"), nodes{});
}

TEST(covers, one_that_has_not_been_there_yet_has_no_clients) {
  covers c;
  c.set_up(1, true);
  EXPECT_EQ(c.of(1, "web"), nodes{});
}

TEST(covers, the_next_with_room_does_it_for_one_that_is_full_there) {
  covers c = all_up(4);
  c.set_full(1, "web", true);
  EXPECT_EQ(c.of(2, "web"), nodes{1});
  EXPECT_EQ(c.of(2, "other"), nodes{});
  c.set_full(2, "web", true);
  EXPECT_EQ(c.of(2, "web"), nodes{});
  EXPECT_EQ(c.of(3, "web"), (nodes{1, 2}));
  c.set_full(1, "web", false);
  EXPECT_EQ(c.of(3, "web"), nodes{2});
}

TEST(covers, where_all_are_full_clients_wait_where_they_are) {
  covers c = all_up(3);
  for (unsigned i = 0; i < 3; ++i)
    c.set_full(i, "web", true);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_EQ(c.of(i, "web"), nodes{});
  c.set_full(2, "web", false);
  EXPECT_EQ(c.of(2, "web"), (nodes{0, 1}));
}

TEST(covers, clients_of_one_that_is_gone_wait_at_another) {
  covers c = all_up(3);
  c.set_full(0, "web", true);
  c.set_full(1, "web", true);
  c.set_up(2, false);
  EXPECT_EQ(c.of(0, "web"), nodes{2});
  EXPECT_EQ(c.of(1, "web"), nodes{});
}

TEST(covers, one_that_was_gone_comes_back_with_room) {
  covers c = all_up(2);
  c.set_full(0, "web", true);
  c.set_up(0, false);
  c.set_up(0, true);
  EXPECT_EQ(c.of(1, "web"), nodes{});
}

TEST(covers, one_alone_covers_nobody) {
  covers c = all_up(1);
  c.set_full(0, "web", true);
  EXPECT_EQ(c.of(0, "web"), nodes{});
}

TEST(covers, always_one_node_for_each_that_needs_it) {
  constexpr unsigned count = 5;
  for (unsigned up = 0; up < 1U << count; ++up)
    for (unsigned full = 0; full < 1U << count; ++full) {
      covers c = all_up(count);
      for (unsigned i = 0; i < count; ++i) {
        c.set_up(i, (up >> i & 1U) != 0);
        if ((up & full) >> i & 1U)
          c.set_full(i, "web", true);
      }
      std::vector<unsigned> heirs(count);
      for (unsigned i = 0; i < count; ++i)
        if (up >> i & 1U)
          for (const unsigned node : c.of(i, "web"))
            ++heirs[node];
      for (unsigned i = 0; i < count; ++i) {
        const bool is_up = (up >> i & 1U) != 0;
        const bool needs = !is_up || (full >> i & 1U) != 0;
        const bool can = is_up ? (up & ~full) != 0 : up != 0;
        EXPECT_EQ(heirs[i], needs && can ? 1U : 0U) << up << ' ' << full << ' ' << i;
      }
    }
}

TEST(room_news, goes_over_as_text) {
  for (const bool full : {true, false}) {
    const room_news back = room_news::of_text(room_news{full, "127.0.0.1 80"}.to_text());
    EXPECT_EQ(back.full, full);
    EXPECT_EQ(back.address, "127.0.0.1 80");
  }
  EXPECT_EQ(room_news::of_text("").address, "");
}

} // namespace
} // namespace perron::httpd::program
