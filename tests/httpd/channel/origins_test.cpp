// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/origins.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace {

using perron::httpd::origin_table;

TEST(origin_table, knows_what_was_published_already) {
  origin_table t(10);
  EXPECT_EQ(t.repeated({"ann", 1}), std::nullopt);
  t.note({"ann", 1}, 7);
  EXPECT_EQ(t.repeated({"ann", 1}), 7U);
  EXPECT_EQ(t.repeated({"ann", 2}), std::nullopt);
  EXPECT_EQ(t.repeated({"bob", 1}), std::nullopt);
  t.note({"ann", 4}, 9);
  EXPECT_EQ(t.repeated({"ann", 4}), 9U);
  EXPECT_EQ(t.repeated({"ann", 3}), 0U) << "was, long ago";
}

TEST(origin_table, knows_nobody_without_a_name) {
  origin_table t(10);
  t.note({"", 1}, 7);
  EXPECT_EQ(t.repeated({"", 1}), std::nullopt);
  EXPECT_TRUE(t.all().empty());
}

TEST(origin_table, forgets_whom_it_saw_first) {
  origin_table t(2);
  t.note({"ann", 1}, 1);
  t.note({"bob", 1}, 2);
  t.note({"ann", 2}, 3);
  t.note({"cid", 1}, 4);
  EXPECT_EQ(t.repeated({"ann", 2}), std::nullopt);
  EXPECT_EQ(t.repeated({"bob", 1}), 2U);
}

TEST(origin_table, is_made_again_of_all_it_has) {
  origin_table t(2);
  t.note({"bob", 1}, 1);
  t.note({"ann", 1}, 2);
  t.note({"bob", 2}, 3);
  origin_table other(2);
  for (const origin_table::kept& each : t.all())
    other.note(each.origin, each.id);
  EXPECT_EQ(other.all(), t.all());
  other.note({"cid", 1}, 4);
  EXPECT_EQ(other.repeated({"bob", 2}), std::nullopt) << "seen first";
}

} // namespace
