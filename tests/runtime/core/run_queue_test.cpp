// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/run_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace perron::runtime::core {
namespace {

TEST(run_queue, gives_in_the_order_it_took) {
  run_queue<int, 4> queue;
  std::array<int, 3> items{};
  EXPECT_EQ(queue.pop(), nullptr);
  for (int& item : items)
    EXPECT_TRUE(queue.push(&item));
  EXPECT_EQ(queue.size(), 3U);
  for (int& item : items)
    EXPECT_EQ(queue.pop(), &item);
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(run_queue, refuses_when_full_and_takes_again_when_not) {
  run_queue<int, 2> queue;
  std::array<int, 3> items{};
  EXPECT_TRUE(queue.push(&items[0]));
  EXPECT_TRUE(queue.push(&items[1]));
  EXPECT_FALSE(queue.push(&items[2]));
  EXPECT_EQ(queue.pop(), &items[0]);
  EXPECT_TRUE(queue.push(&items[2]));
  EXPECT_EQ(queue.pop(), &items[1]);
  EXPECT_EQ(queue.pop(), &items[2]);
}

TEST(run_queue, is_robbed_of_the_older_half) {
  run_queue<int, 8> queue;
  std::array<int, 5> items{};
  for (int& item : items)
    EXPECT_TRUE(queue.push(&item));
  std::array<int*, 8> loot{};
  EXPECT_EQ(queue.steal(loot), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(loot[i], &items[i]);
  EXPECT_EQ(queue.pop(), &items[3]);
  EXPECT_EQ(queue.steal(loot), 1U) << "the last one too";
  EXPECT_EQ(loot[0], &items[4]);
  EXPECT_EQ(queue.steal(loot), 0U);
}

TEST(run_queue, is_robbed_of_no_more_than_the_thief_can_carry) {
  run_queue<int, 8> queue;
  std::array<int, 8> items{};
  for (int& item : items)
    EXPECT_TRUE(queue.push(&item));
  std::array<int*, 2> loot{};
  EXPECT_EQ(queue.steal(loot), 2U);
  EXPECT_EQ(loot, (std::array{&items[0], &items[1]}));
  EXPECT_EQ(queue.size(), 6U);
}

TEST(run_queue, does_as_a_plain_queue_does) {
  std::mt19937 random(7);
  run_queue<int, 16> queue;
  std::deque<int*> model;
  std::vector<int> items(1000);
  std::size_t next = 0;
  for (int step = 0; step < 100'000; ++step) {
    switch (random() % 5) {
    case 0:
    case 1: {
      int* item = &items[next++ % items.size()];
      const bool fits = model.size() < 16;
      ASSERT_EQ(queue.push(item), fits);
      if (fits)
        model.push_back(item);
      break;
    }
    case 2:
    case 3: {
      int* expected = model.empty() ? nullptr : model.front();
      ASSERT_EQ(queue.pop(), expected);
      if (expected != nullptr)
        model.pop_front();
      break;
    }
    default: {
      std::array<int*, 5> loot{};
      const std::size_t expected = std::min<std::size_t>((model.size() + 1) / 2, loot.size());
      ASSERT_EQ(queue.steal(loot), expected);
      for (std::size_t i = 0; i < expected; ++i, model.pop_front())
        ASSERT_EQ(loot[i], model.front());
      break;
    }
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

TEST(run_queue, gives_each_item_to_one_real_thread) {
  constexpr std::size_t count = 100'000;
  struct item {
    int taken = 0; // plain: two takers would be a race that TSan shows
  };
  run_queue<item, 64> queue;
  std::vector<item> items(count);
  std::atomic<std::size_t> gone{0};
  std::vector<std::thread> thieves;
  for (int i = 0; i < 2; ++i)
    thieves.emplace_back([&] {
      std::array<item*, 16> loot{};
      while (gone.load() < count) {
        const std::size_t n = queue.steal(loot);
        for (std::size_t k = 0; k < n; ++k)
          ++loot[k]->taken;
        if (n == 0)
          std::this_thread::yield();
        gone.fetch_add(n);
      }
    });
  for (item& each : items) {
    while (!queue.push(&each))
      if (item* popped = queue.pop(); popped != nullptr) {
        ++popped->taken;
        gone.fetch_add(1);
      }
  }
  while (item* popped = queue.pop()) {
    ++popped->taken;
    gone.fetch_add(1);
  }
  for (std::thread& t : thieves)
    t.join();
  for (const item& each : items)
    ASSERT_EQ(each.taken, 1);
}

} // namespace
} // namespace perron::runtime::core
