// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/channel/history.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace perron::httpd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

topic_entry_ptr entry(std::uint64_t id, std::size_t bytes = 1) {
  return std::make_shared<topic_entry>("t", 1, topic_record{id, 0, {}, std::string(bytes, '1')});
}
std::vector<std::uint64_t> ids(const std::vector<topic_entry_ptr>& entries) {
  std::vector<std::uint64_t> out;
  for (const auto& e : entries)
    out.push_back(e->at().id);
  return out;
}
constexpr std::size_t no_bound = SIZE_MAX;

TEST(topic_history, is_empty_before_the_first_entry) {
  const topic_history h(3, no_bound);
  EXPECT_EQ(h.last(), 0U);
  EXPECT_EQ(h.first(), 1U);
  EXPECT_THAT(h.behind(0, 10, no_bound), IsEmpty());
}

TEST(topic_history, keeps_the_newest) {
  topic_history h(3, no_bound);
  for (std::uint64_t id = 1; id <= 5; ++id)
    EXPECT_EQ(h.push(entry(id)), id > 3 ? 1U : 0U);
  EXPECT_EQ(h.first(), 3U);
  EXPECT_EQ(h.last(), 5U);
  EXPECT_THAT(ids(h.behind(0, 10, no_bound)), ElementsAre(3, 4, 5));
  EXPECT_THAT(ids(h.behind(2, 10, no_bound)), ElementsAre(3, 4, 5));
  EXPECT_THAT(ids(h.behind(3, 10, no_bound)), ElementsAre(4, 5));
  EXPECT_THAT(ids(h.behind(4, 10, no_bound)), ElementsAre(5));
  EXPECT_THAT(h.behind(5, 10, no_bound), IsEmpty());
  EXPECT_THAT(h.behind(6, 10, no_bound), IsEmpty());
  EXPECT_THAT(h.behind(UINT64_MAX, 10, no_bound), IsEmpty());
}

TEST(topic_history, is_bounded_in_bytes_but_keeps_the_newest_whatever_it_takes) {
  const std::size_t one = entry(1, 100)->cost();
  topic_history h(100, 3 * one);
  for (std::uint64_t id = 1; id <= 4; ++id)
    h.push(entry(id, 100));
  EXPECT_EQ(h.first(), 2U);
  EXPECT_EQ(h.bytes(), 3 * one);
  h.push(entry(5, 10'000));
  EXPECT_EQ(h.first(), 5U);
  h.push(entry(6, 100));
  EXPECT_EQ(h.first(), 6U);
  EXPECT_EQ(h.bytes(), one);
}

TEST(topic_history, says_before_what_it_would_drop) {
  topic_history h(2, no_bound);
  EXPECT_EQ(h.would_drop(1), 0U);
  h.push(entry(1));
  EXPECT_EQ(h.would_drop(1), 0U);
  h.push(entry(2));
  EXPECT_EQ(h.would_drop(1), 1U);
  topic_history small(10, 2 * entry(1)->cost());
  small.push(entry(1));
  small.push(entry(2));
  EXPECT_EQ(small.would_drop(entry(3)->cost()), 1U);
  EXPECT_EQ(small.would_drop(1'000'000), 2U);
}

TEST(topic_history, gives_parts_but_one_entry_at_least) {
  topic_history h(10, no_bound);
  for (std::uint64_t id = 1; id <= 5; ++id)
    h.push(entry(id, 1000));
  EXPECT_THAT(ids(h.behind(1, 2, no_bound)), ElementsAre(2, 3));
  EXPECT_THAT(ids(h.behind(1, 10, 1)), ElementsAre(2));
  EXPECT_THAT(ids(h.behind(1, 10, 2 * entry(2, 1000)->cost())), ElementsAre(2, 3));
}

TEST(topic_history, begins_where_it_is_told) {
  topic_history h(2, no_bound);
  h.begin_behind(41);
  EXPECT_EQ(h.first(), 42U);
  EXPECT_EQ(h.last(), 41U);
  h.push(entry(42));
  EXPECT_THAT(ids(h.behind(0, 10, no_bound)), ElementsAre(42));
}

} // namespace
} // namespace perron::httpd
