// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/mail_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <random>
#include <vector>

namespace perron::runtime::core {
namespace {

/// Letters whose `target` says which they are; the queue never looks at what they carry.
class mail_queue_test : public ::testing::Test {
protected:
  envelope* letter(std::uint64_t number) {
    envelope& made = letters_.emplace_back(nullptr, envelope_kind::mail);
    made.target = number;
    return &made;
  }

  void fill(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i)
      queue.append(letter(i));
  }

  /// Skips until the letter with that number is under the cursor.
  static bool walk_to(mail_queue::cursor& at, std::uint64_t number) {
    while (at.peek() != nullptr && at.peek()->target != number)
      at.skip();
    return at.peek() != nullptr;
  }

  static std::uint64_t first_seen(mail_queue& queue, const void* kind) {
    const mail_queue::cursor at(queue, kind);
    return at.peek() == nullptr ? 0 : at.peek()->target;
  }

  std::vector<std::uint64_t> contents() const {
    std::vector<std::uint64_t> all;
    for (const envelope* e = queue.front(); e != nullptr; e = e->next)
      all.push_back(e->target);
    return all;
  }

  mail_queue queue;
  static constexpr int one_kind = 1;
  static constexpr int other_kind = 2;

private:
  std::deque<envelope> letters_;
};

using numbers = std::vector<std::uint64_t>;

TEST_F(mail_queue_test, keeps_the_order_of_arrival) {
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), nullptr);
  fill(1, 3);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(contents(), (numbers{1, 2, 3}));
}

TEST_F(mail_queue_test, takes_out_what_is_under_the_cursor) {
  fill(1, 4);
  mail_queue::cursor at(queue, nullptr);
  ASSERT_TRUE(walk_to(at, 2));
  EXPECT_EQ(at.take()->target, 2U);
  EXPECT_EQ(contents(), (numbers{1, 3, 4}));
  EXPECT_EQ(at.peek()->target, 3U) << "the cursor goes on behind the gap";
}

TEST_F(mail_queue_test, appends_after_the_last_one_was_taken) {
  fill(1, 2);
  mail_queue::cursor at(queue, nullptr);
  ASSERT_TRUE(walk_to(at, 2));
  at.take();
  fill(3, 3);
  EXPECT_EQ(contents(), (numbers{1, 3}));
  EXPECT_EQ(at.peek()->target, 3U);
}

TEST_F(mail_queue_test, appends_after_the_only_one_was_taken) {
  fill(1, 1);
  EXPECT_EQ(mail_queue::cursor(queue, nullptr).take()->target, 1U);
  EXPECT_TRUE(queue.empty());
  fill(2, 3);
  EXPECT_EQ(contents(), (numbers{2, 3}));
}

TEST_F(mail_queue_test, shows_a_cursor_at_the_end_what_arrives_later) {
  fill(1, 2);
  mail_queue::cursor at(queue, nullptr);
  EXPECT_FALSE(walk_to(at, 99));
  fill(3, 3);
  EXPECT_EQ(at.peek()->target, 3U);
}

TEST_F(mail_queue_test, starts_the_next_receive_of_a_kind_where_the_last_one_stood) {
  fill(1, 5);
  {
    mail_queue::cursor at(queue, &one_kind);
    ASSERT_TRUE(walk_to(at, 3));
    at.take();
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 4U);
  EXPECT_EQ(first_seen(queue, &other_kind), 1U) << "another kind has looked at nothing";
  EXPECT_EQ(first_seen(queue, nullptr), 1U) << "nor has one that looks at values";
}

TEST_F(mail_queue_test, remembers_a_place_where_nothing_was_taken) {
  fill(1, 3);
  {
    mail_queue::cursor at(queue, &one_kind);
    EXPECT_FALSE(walk_to(at, 99));
    at.remember();
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 0U);
  fill(4, 4);
  EXPECT_EQ(first_seen(queue, &one_kind), 4U);
}

TEST_F(mail_queue_test, forgets_a_place_that_was_not_to_be_remembered) {
  fill(1, 3);
  {
    mail_queue::cursor at(queue, &one_kind);
    EXPECT_FALSE(walk_to(at, 99));
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 1U);
}

TEST_F(mail_queue_test, remembers_the_place_of_one_kind_only) {
  fill(1, 4);
  for (const void* kind : {static_cast<const void*>(&one_kind), static_cast<const void*>(&other_kind)}) {
    mail_queue::cursor at(queue, kind);
    ASSERT_TRUE(walk_to(at, 3));
    at.remember();
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 1U);
  EXPECT_EQ(first_seen(queue, &other_kind), 3U);
}

TEST_F(mail_queue_test, a_receive_that_looks_at_values_leaves_the_remembered_place) {
  fill(1, 4);
  {
    mail_queue::cursor at(queue, &one_kind);
    ASSERT_TRUE(walk_to(at, 3));
    at.remember();
  }
  {
    mail_queue::cursor at(queue, nullptr);
    ASSERT_TRUE(walk_to(at, 4));
    at.take();
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 3U);
}

TEST_F(mail_queue_test, moves_the_remembered_place_back_when_another_kind_takes_the_letter_there) {
  fill(1, 4);
  {
    mail_queue::cursor at(queue, &one_kind);
    ASSERT_TRUE(walk_to(at, 3));
    at.remember(); // behind letter 2
  }
  {
    mail_queue::cursor at(queue, nullptr);
    ASSERT_TRUE(walk_to(at, 2));
    at.take();
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 3U);
  {
    mail_queue::cursor at(queue, nullptr);
    at.take(); // letter 1: now nothing is before the place
  }
  EXPECT_EQ(first_seen(queue, &one_kind), 3U);
  EXPECT_EQ(contents(), (numbers{3, 4}));
}

TEST_F(mail_queue_test, keeps_the_remembered_place_when_a_letter_before_it_goes) {
  fill(1, 5);
  {
    mail_queue::cursor at(queue, &one_kind);
    ASSERT_TRUE(walk_to(at, 4));
    at.remember();
  }
  mail_queue::cursor(queue, nullptr).take();
  EXPECT_EQ(first_seen(queue, &one_kind), 4U);
}

TEST_F(mail_queue_test, gives_all_and_forgets_all) {
  fill(1, 3);
  {
    mail_queue::cursor at(queue, &one_kind);
    ASSERT_TRUE(walk_to(at, 3));
    at.remember();
  }
  const envelope* all = queue.take_all();
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(all->target, 1U);
  EXPECT_EQ(all->next->next->target, 3U);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.take_all(), nullptr);
  fill(4, 5);
  EXPECT_EQ(first_seen(queue, &one_kind), 4U);
  EXPECT_EQ(contents(), (numbers{4, 5}));
}

/// Selective receive without any memory: each receive looks from the front.
class naive_mail {
public:
  void append(std::uint64_t number, unsigned type) { letters_.push_back({number, type}); }

  /// The number of the first letter of one of the types, taken out; 0 if there is none.
  std::uint64_t receive(unsigned types) {
    for (auto it = letters_.begin(); it != letters_.end(); ++it)
      if ((types >> it->type & 1U) != 0) {
        const std::uint64_t number = it->number;
        letters_.erase(it);
        return number;
      }
    return 0;
  }

  std::uint64_t receive_value(std::uint64_t divisor) {
    for (auto it = letters_.begin(); it != letters_.end(); ++it)
      if (it->number % divisor == 0) {
        const std::uint64_t number = it->number;
        letters_.erase(it);
        return number;
      }
    return 0;
  }

  numbers contents() const {
    numbers all;
    for (const entry& e : letters_)
      all.push_back(e.number);
    return all;
  }

private:
  struct entry {
    std::uint64_t number;
    unsigned type;
  };
  std::list<entry> letters_;
};

TEST_F(mail_queue_test, receives_what_a_walk_from_the_front_would_receive) {
  // a kind is the set of types that a receive accepts; its address names it
  constexpr std::array<unsigned, 5> kinds{0b0001, 0b0010, 0b0110, 0b1000, 0b1111};
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    naive_mail model;
    std::vector<unsigned> type_of{0};
    for (int step = 0; step < 400; ++step) {
      const auto what = random() % 100;
      if (what < 48) {
        const auto number = static_cast<std::uint64_t>(type_of.size());
        const unsigned type = random() % 4;
        type_of.push_back(type);
        queue.append(letter(number));
        model.append(number, type);
      } else if (what < 88) {
        const unsigned& types = kinds[random() % kinds.size()];
        mail_queue::cursor at(queue, &types);
        while (at.peek() != nullptr && (types >> type_of[at.peek()->target] & 1U) == 0)
          at.skip();
        std::uint64_t got = 0;
        if (at.peek() != nullptr)
          got = at.take()->target;
        else if (random() % 4 != 0) // else it gave up without remembering, as by an exception
          at.remember();
        ASSERT_EQ(got, model.receive(types));
      } else if (what < 98) {
        const std::uint64_t divisor = 2 + random() % 5;
        mail_queue::cursor at(queue, nullptr);
        while (at.peek() != nullptr && at.peek()->target % divisor != 0)
          at.skip();
        ASSERT_EQ(at.peek() != nullptr ? at.take()->target : 0, model.receive_value(divisor));
      } else if (random() % 8 == 0) {
        numbers all;
        for (const envelope* e = queue.take_all(); e != nullptr; e = e->next)
          all.push_back(e->target);
        ASSERT_EQ(all, model.contents());
        model = {};
      }
      ASSERT_EQ(queue.empty(), model.contents().empty());
    }
    ASSERT_EQ(contents(), model.contents());
    queue.take_all();
  }
}

TEST_F(mail_queue_test, walks_a_backlog_once) {
  fill(1, 10'000);
  std::size_t looks = 0;
  for (std::uint64_t i = 10'001; i <= 10'100; ++i) {
    fill(i, i);
    mail_queue::cursor at(queue, &one_kind);
    for (; at.peek()->target <= 10'000; at.skip())
      ++looks;
    EXPECT_EQ(at.take()->target, i);
  }
  EXPECT_EQ(looks, 10'000U);
}

} // namespace
} // namespace perron::runtime::core
