// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/doorway.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <new>
#include <thread>
#include <vector>

namespace perron::runtime::core {
namespace {

struct node {
  node* next = nullptr;
  int sender = 0;
  int number = 0;
};

using door = doorway<node>;

std::vector<int> numbers(const node* list) {
  std::vector<int> all;
  for (; list != nullptr; list = list->next)
    all.push_back(list->number);
  return all;
}

TEST(doorway, is_closed_in_zeroed_memory) {
  alignas(door) std::array<std::byte, sizeof(door)> memory{};
  EXPECT_TRUE(std::launder(reinterpret_cast<door*>(memory.data()))->is_closed());
}

TEST(doorway, refuses_while_closed_and_leaves_the_node_to_its_sender) {
  door d;
  node n;
  EXPECT_EQ(d.push(&n), door::pushed::refused);
  EXPECT_FALSE(d.unpark());
  EXPECT_FALSE(d.park());
  EXPECT_TRUE(d.is_closed());
}

TEST(doorway, gives_what_came_oldest_first) {
  door d;
  d.open();
  EXPECT_EQ(d.take_all(), nullptr);
  std::array<node, 3> nodes{node{.number = 1}, node{.number = 2}, node{.number = 3}};
  for (node& n : nodes)
    EXPECT_EQ(d.push(&n), door::pushed::queued);
  EXPECT_TRUE(d.filled());
  EXPECT_EQ(numbers(d.take_all()), (std::vector{1, 2, 3}));
  EXPECT_FALSE(d.filled());
  EXPECT_EQ(d.take_all(), nullptr);
}

TEST(doorway, does_not_sleep_with_mail) {
  door d;
  d.open();
  node n;
  ASSERT_EQ(d.push(&n), door::pushed::queued);
  EXPECT_FALSE(d.park());
  EXPECT_EQ(d.take_all(), &n);
  EXPECT_TRUE(d.park());
  EXPECT_TRUE(d.is_parked());
}

TEST(doorway, wakes_a_sleeper_once) {
  door d;
  d.open_parked();
  node first{.number = 1};
  node second{.number = 2};
  EXPECT_EQ(d.push(&first), door::pushed::woke);
  EXPECT_EQ(d.push(&second), door::pushed::queued);
  EXPECT_FALSE(d.unpark());
  EXPECT_EQ(numbers(d.take_all()), (std::vector{1, 2}));
}

TEST(doorway, can_be_taken_over_without_mail) {
  door d;
  d.open_parked();
  EXPECT_TRUE(d.unpark());
  EXPECT_FALSE(d.unpark());
  EXPECT_EQ(d.take_all(), nullptr);
  node n;
  EXPECT_EQ(d.push(&n), door::pushed::queued);
}

TEST(doorway, gives_what_is_left_when_it_closes) {
  door d;
  d.open();
  node first{.number = 1};
  node second{.number = 2};
  static_cast<void>(d.push(&first));
  static_cast<void>(d.push(&second));
  EXPECT_EQ(numbers(d.close()), (std::vector{1, 2}));
  node late;
  EXPECT_EQ(d.push(&late), door::pushed::refused);
  EXPECT_EQ(d.close(), nullptr);
}

TEST(doorway, opens_again) {
  door d;
  d.open();
  static_cast<void>(d.close());
  d.open_parked();
  node n;
  EXPECT_EQ(d.push(&n), door::pushed::woke);
}

TEST(doorway, loses_nothing_between_real_threads) {
  constexpr int senders = 3;
  constexpr int each = 20'000;
  door d;
  d.open();
  std::vector<node> nodes(senders * each);
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender)
    threads.emplace_back([&, sender] {
      for (int i = 0; i < each; ++i) {
        node& n = nodes[static_cast<std::size_t>(sender * each + i)];
        n.sender = sender;
        n.number = i;
        static_cast<void>(d.push(&n));
      }
    });
  std::array<int, senders> expected{};
  for (int seen = 0; seen < senders * each;) {
    if (d.park() && !d.unpark()) {
      EXPECT_TRUE(d.filled()) << "only a push takes a sleeper from us here";
    }
    const node* next = nullptr;
    for (const node* n = d.take_all(); n != nullptr; n = next, ++seen) {
      next = n->next;
      ASSERT_EQ(n->number, expected[static_cast<std::size_t>(n->sender)]++);
    }
  }
  for (std::thread& t : threads)
    t.join();
  EXPECT_EQ(d.close(), nullptr);
}

} // namespace
} // namespace perron::runtime::core
