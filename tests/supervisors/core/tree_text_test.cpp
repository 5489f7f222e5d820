// SPDX-License-Identifier: BSD-3-Clause
#include <perron/supervisors/core/tree_text.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace perron::supervisors::core {
namespace {

using state = child_info::state_type;

runtime::pid number(std::uint64_t id) { return {nullptr, id}; }

tree_node worker(std::string id, std::uint64_t who) {
  tree_node made;
  made.id = std::move(id);
  made.who = number(who);
  made.restart = permanent;
  return made;
}

tree_node supervisor(std::string id, std::uint64_t who, std::vector<tree_node> children) {
  tree_node made = worker(std::move(id), who);
  made.supervisor = true;
  made.strategy = "one_for_one";
  made.children = std::move(children);
  return made;
}

std::string drawn(const tree_node& top) { return "\n" + tree_text(top, 80); }

TEST(tree_text, draws_lines_to_children) {
  const tree_node inner = supervisor("rooms", 4, {worker("room:a", 5), worker("room:b", 6)});
  const tree_node last = supervisor("http", 7, {worker("c", 8)});
  tree_node top = supervisor("root", 1, {worker("history", 2), inner, last});
  top.restart.reset();
  EXPECT_EQ(drawn(top), R"(
root <1> supervisor one_for_one
├── history <2> worker permanent
├── rooms <4> supervisor one_for_one permanent
│   ├── room:a <5> worker permanent
│   └── room:b <6> worker permanent
└── http <7> supervisor one_for_one permanent
    └── c <8> worker permanent
)");
}

TEST(tree_text, tells_names_and_states) {
  tree_node named = worker("a", 2);
  named.name = "first";
  named.restart = temporary;
  tree_node again = worker("b", 0);
  again.state = state::restarting;
  tree_node none = worker("c", 0);
  none.state = state::stopped;
  none.restart = transient;
  tree_node silent = supervisor("d", 9, {});
  silent.answers = false;
  silent.strategy.clear();
  const tree_node nameless = worker("", 10);
  EXPECT_EQ(drawn(supervisor("top", 1, {named, again, none, silent, nameless})), R"(
top <1> supervisor one_for_one permanent
├── a <2> "first" worker temporary
├── b worker permanent (restarting)
├── c worker transient (stopped)
├── d <9> supervisor permanent (does not answer)
└── <10> worker permanent
)");
}

TEST(tree_text, counts_those_it_leaves_out) {
  tree_node many = supervisor("many", 2, {worker("a", 3)});
  many.more = 99'990;
  tree_node hidden = supervisor("hidden", 4, {});
  hidden.more = 7;
  EXPECT_EQ(drawn(supervisor("top", 1, {many, hidden})), R"(
top <1> supervisor one_for_one permanent
├── many <2> supervisor one_for_one permanent
│   ├── a <3> worker permanent
│   └── … 99,990 more
└── hidden <4> supervisor one_for_one permanent
    └── … 7 more
)");
}

TEST(tree_text, cuts_lines_at_characters_and_not_at_bytes) {
  const tree_node top = supervisor("top", 1, {worker("ä", 2)});
  EXPECT_EQ(tree_text(top, 6), "top <…\n└── ä…\n");
  EXPECT_EQ(tree_text(top, 5), "top …\n└── …\n");
  EXPECT_EQ(tree_text(worker("a", 1), 22), "a <1> worker permanent\n");
  EXPECT_EQ(tree_text(worker("a", 1), 21), "a <1> worker permane…\n");
}

TEST(tree_text, escapes_what_would_break_its_lines) {
  EXPECT_EQ(tree_text(worker("a\nb\x1b", 1), 80), "a\\nb\\x1b <1> worker permanent\n");
}

TEST(tree_text, groups_digits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
}

} // namespace
} // namespace perron::supervisors::core
