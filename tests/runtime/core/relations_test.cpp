// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/relations.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>

namespace perron::runtime::core {
namespace {

constexpr std::uint64_t well_indexed = 200; ///< more rows than are searched one by one

relation tie(std::uint64_t who, std::uint64_t ref, bool is_call = false) {
  return {pid(nullptr, who), ref, is_call};
}

TEST(relation_table, gives_back_what_was_added) {
  relation_table table;
  EXPECT_TRUE(table.empty());
  table.add(tie(7, 1, true));
  EXPECT_FALSE(table.empty());
  EXPECT_TRUE(table.contains(1));
  const std::optional<relation> gone = table.remove(1);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->who.id(), 7U);
  EXPECT_EQ(gone->ref, 1U);
  EXPECT_TRUE(gone->is_call);
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(table.remove(1));
}

TEST(relation_table, finds_every_row_before_and_after_it_builds_its_index) {
  relation_table table;
  for (std::uint64_t ref = 1; ref <= well_indexed; ++ref) {
    table.add(tie(ref, ref));
    for (std::uint64_t each = 1; each <= ref; ++each)
      ASSERT_TRUE(table.contains(each)) << each << " of " << ref;
    ASSERT_FALSE(table.contains(ref + 1));
  }
  EXPECT_EQ(table.rows().size(), well_indexed);
}

TEST(relation_table, removes_first_middle_and_last_of_many) {
  for (const std::uint64_t gone : {std::uint64_t{1}, well_indexed / 2, well_indexed}) {
    relation_table table;
    for (std::uint64_t ref = 1; ref <= well_indexed; ++ref)
      table.add(tie(1000 + ref, ref));
    ASSERT_EQ(table.remove(gone)->who.id(), 1000 + gone);
    EXPECT_FALSE(table.remove(gone));
    for (std::uint64_t ref = 1; ref <= well_indexed; ++ref)
      ASSERT_EQ(table.contains(ref), ref != gone);
  }
}

TEST(relation_table, starts_anew_after_it_was_emptied) {
  relation_table table;
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t ref = 1; ref <= well_indexed; ++ref)
      table.add(tie(ref, ref));
    for (std::uint64_t ref = 1; ref <= well_indexed; ++ref)
      ASSERT_EQ(table.remove(ref)->who.id(), ref);
    ASSERT_TRUE(table.empty());
    table.add(tie(5, 9));
    ASSERT_EQ(table.remove(9)->who.id(), 5U);
  }
}

TEST(relation_table, removes_one_tie_of_several_to_the_same_process) {
  for (const std::uint64_t others : {std::uint64_t{3}, well_indexed}) {
    relation_table table;
    for (std::uint64_t ref = 1; ref <= others; ++ref)
      table.add(tie(100 + ref, ref));
    table.add(tie(7, 1001));
    table.add(tie(7, 1002));
    const auto one = table.remove_any(pid(nullptr, 7));
    const auto other = table.remove_any(pid(nullptr, 7));
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->ref + other->ref, 2003U);
    EXPECT_FALSE(table.remove_any(pid(nullptr, 7)));
    EXPECT_EQ(table.rows().size(), others);
    for (std::uint64_t ref = 1; ref <= others; ++ref)
      ASSERT_TRUE(table.contains(ref));
  }
}

TEST(relation_table, does_as_a_map_does) {
  std::mt19937 random(13);
  for (int round = 0; round < 30; ++round) {
    relation_table table;
    std::map<std::uint64_t, relation> model;
    std::uint64_t next_ref = 1;
    const std::size_t aim = random() % 150; // below, around and above the bound of the index
    for (int step = 0; step < 3'000; ++step) {
      const auto what = random() % 10;
      if (what < (model.size() < aim ? 7U : 3U)) {
        const relation added = tie(1 + random() % 20, next_ref++, random() % 2 == 0);
        table.add(added);
        model.emplace(added.ref, added);
      } else if (what < 9) {
        const std::uint64_t ref = 1 + random() % next_ref;
        ASSERT_EQ(table.contains(ref), model.contains(ref));
        const auto gone = table.remove(ref);
        const auto it = model.find(ref);
        ASSERT_EQ(gone.has_value(), it != model.end());
        if (gone) {
          ASSERT_EQ(gone->who, it->second.who);
          ASSERT_EQ(gone->is_call, it->second.is_call);
          model.erase(it);
        }
      } else {
        const pid who(nullptr, 1 + random() % 20);
        const auto gone = table.remove_any(who);
        if (gone) {
          ASSERT_EQ(gone->who, who);
          ASSERT_EQ(model.erase(gone->ref), 1U);
        } else {
          for (const auto& [ref, each] : model)
            ASSERT_NE(each.who, who);
        }
      }
      ASSERT_EQ(table.rows().size(), model.size());
    }
    for (const relation& row : table.rows()) {
      ASSERT_TRUE(model.contains(row.ref));
      ASSERT_EQ(row.who, model.at(row.ref).who);
      ASSERT_TRUE(table.contains(row.ref));
    }
  }
}

TEST(open_requests, keep_one_answer_each_until_it_is_taken) {
  open_requests table;
  table.add(1);
  table.add(2);
  EXPECT_FALSE(table.is_answered(1));
  envelope* answer = make_envelope<int>(envelope_kind::reply, 7);
  EXPECT_TRUE(table.keep(1, answer));
  EXPECT_TRUE(table.is_answered(1));
  EXPECT_FALSE(table.is_answered(2));
  const envelope_guard second(make_envelope<int>(envelope_kind::reply, 8));
  EXPECT_FALSE(table.keep(1, second.held)) << "a second answer";
  EXPECT_FALSE(table.keep(3, second.held)) << "an answer to nothing";
  EXPECT_EQ(table.remove(1), answer);
  const envelope_guard taken(answer);
  EXPECT_EQ(table.remove(1), nullptr);
  EXPECT_EQ(table.remove(2), nullptr) << "not answered";
  EXPECT_FALSE(table.keep(2, second.held)) << "given up";
}

TEST(open_requests, destroy_what_was_not_taken) {
  const auto value = std::make_shared<int>(1);
  {
    open_requests table;
    table.add(1);
    EXPECT_TRUE(table.keep(1, make_envelope<std::shared_ptr<int>>(envelope_kind::reply, value)));
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
}

} // namespace
} // namespace perron::runtime::core
