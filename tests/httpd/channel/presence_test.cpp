// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/presence.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perron::httpd {

inline void PrintTo(const presence_member& m, std::ostream* out) { *out << m.key << ' ' << m.meta; }

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using outcome = presence_table::outcome;

presence_member ann(std::string meta = "1") { return {"ann", std::move(meta)}; }
presence_member bob(std::string meta = "1") { return {"bob", std::move(meta)}; }

TEST(presence_table, tells_who_came_and_left) {
  presence_table t(10);
  const auto begin = t.version();
  EXPECT_EQ(t.join(1, "a", ann(), false), outcome::joined);
  EXPECT_EQ(t.join(2, "b", bob(), false), outcome::joined);
  const auto both = t.since(begin, true);
  EXPECT_FALSE(both->full);
  EXPECT_THAT(both->joined, ElementsAre(ann(), bob()));
  t.leave(1);
  const auto one = t.since(both->to, true);
  EXPECT_THAT(one->joined, IsEmpty());
  EXPECT_THAT(one->left, ElementsAre("ann"));
  EXPECT_EQ(one->to, t.version());
}

TEST(presence_table, gives_the_whole_list_to_who_knows_nothing_or_too_little) {
  presence_table t(10, 2);
  const auto begin = t.version();
  t.join(1, "a", ann(), false);
  t.join(2, "b", bob(), false);
  EXPECT_FALSE(t.since(begin, true)->full);
  t.join(1, "a", ann("2"), false);
  for (const std::uint64_t version : {std::uint64_t(0), begin, std::uint64_t(99)}) {
    const auto all = t.since(version, false);
    EXPECT_TRUE(all->full);
    EXPECT_FALSE(all->settled);
    EXPECT_THAT(all->joined, ElementsAre(ann("2"), bob()));
  }
}

TEST(presence_table, tells_what_has_become_of_somebody_in_the_end) {
  presence_table t(10);
  const auto begin = t.version();
  t.join(1, "a", ann(), false);
  t.join(1, "a", ann("2"), false);
  t.join(2, "b", bob(), false);
  t.leave(2);
  const auto change = t.since(begin, true);
  EXPECT_THAT(change->joined, ElementsAre(ann("2")));
  EXPECT_THAT(change->left, ElementsAre("bob"));
}

TEST(presence_table, a_member_is_there_as_long_as_one_holds_it) {
  presence_table t(10);
  t.join(1, "a", ann(), false);
  t.join(2, "a", ann(), false);
  const auto version = t.version();
  EXPECT_EQ(t.lost(1), std::nullopt);
  t.leave(1);
  EXPECT_EQ(t.version(), version);
  t.leave(2);
  EXPECT_EQ(t.size(), 0U);
}

TEST(presence_table, who_comes_back_within_the_grace_was_never_away) {
  presence_table t(10);
  t.join(1, "a", ann(), false);
  const auto version = t.version();
  const auto grace = t.lost(1);
  ASSERT_TRUE(grace);
  EXPECT_EQ(t.size(), 1U);
  t.join(2, "a", ann(), false);
  t.grace_over(*grace);
  EXPECT_EQ(t.version(), version);
  EXPECT_EQ(t.size(), 1U);
}

TEST(presence_table, an_older_grace_does_not_end_a_later_absence) {
  presence_table t(10);
  t.join(1, "a", ann(), false);
  const auto first = t.lost(1);
  t.join(2, "a", ann(), false);
  const auto second = t.lost(2);
  t.grace_over(*first);
  EXPECT_EQ(t.size(), 1U);
  t.grace_over(*second);
  EXPECT_EQ(t.size(), 0U);
  t.grace_over(*second);
}

TEST(presence_table, a_unique_member_belongs_to_a_client_until_it_has_left) {
  presence_table t(10);
  EXPECT_EQ(t.join(1, "a", ann(), true), outcome::joined);
  EXPECT_EQ(t.join(2, "b", ann(), true), outcome::taken);
  EXPECT_EQ(t.join(3, "a", ann(), true), outcome::joined);
  const auto still_held = t.lost(1);
  EXPECT_EQ(still_held, std::nullopt);
  const auto grace = t.lost(3);
  EXPECT_EQ(t.join(2, "b", ann(), true), outcome::taken);
  t.grace_over(*grace);
  EXPECT_EQ(t.join(2, "b", ann(), true), outcome::joined);
}

TEST(presence_table, a_holder_has_one_member) {
  presence_table t(10);
  t.join(1, "a", ann(), false);
  t.join(1, "a", bob(), false);
  EXPECT_THAT(t.since(0, true)->joined, ElementsAre(bob()));
}

TEST(presence_table, is_bounded) {
  presence_table t(1);
  EXPECT_EQ(t.join(1, "a", ann(), false), outcome::joined);
  EXPECT_EQ(t.join(2, "b", bob(), false), outcome::full);
  EXPECT_EQ(t.join(2, "b", ann(), false), outcome::joined);
}

TEST(presence_table, restating_lets_everybody_have_the_list_again) {
  presence_table t(10);
  t.join(1, "a", ann(), false);
  const auto version = t.version();
  t.restate();
  EXPECT_TRUE(t.since(version, true)->full);
  EXPECT_EQ(t.since(version, true), t.since(version, true)) << "those who ask for the same share it";
}

} // namespace
} // namespace perron::httpd
