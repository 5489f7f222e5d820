// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_keys.hpp>

#include <gtest/gtest.h>

namespace perron::runtime::tls {
namespace {

using std::chrono::seconds;

class TicketKeys : public ::testing::Test {
protected:
  ticket_keys keys_{seconds(100), seconds(1000)};
  const ticket_keys::time_point start_{seconds(1'000'000)};
};

TEST_F(TicketKeys, TheCurrentKeyStaysTheSameForItsTime) {
  const auto first = keys_.current(start_);
  ASSERT_TRUE(first);
  EXPECT_EQ(keys_.current(start_ + seconds(99))->name, first->name);
  const auto second = keys_.current(start_ + seconds(100));
  EXPECT_NE(second->name, first->name);
  EXPECT_NE(second->cipher, first->cipher);
  EXPECT_NE(second->mac, first->mac);
}

TEST_F(TicketKeys, AKeyOpensTicketsForTheirLifetimeAfterItsTime) {
  const auto first = keys_.current(start_);
  EXPECT_TRUE(keys_.find(first->name, start_)->is_current);
  keys_.current(start_ + seconds(100));
  const auto later = keys_.find(first->name, start_ + seconds(1099));
  ASSERT_TRUE(later);
  EXPECT_FALSE(later->is_current);
  EXPECT_EQ(later->key.cipher, first->cipher);
  EXPECT_FALSE(keys_.find(first->name, start_ + seconds(1100)));
}

TEST_F(TicketKeys, AnUnknownNameIsNotFound) {
  EXPECT_FALSE(keys_.find(ticket_key().name, start_));
  keys_.current(start_);
  EXPECT_FALSE(keys_.find(ticket_key().name, start_));
}

TEST_F(TicketKeys, AChangeIsAtOnceAndKeepsTheOlderOnes) {
  const auto first = keys_.current(start_);
  EXPECT_TRUE(keys_.change(start_));
  const auto second = keys_.current(start_);
  EXPECT_NE(second->name, first->name);
  EXPECT_TRUE(keys_.find(first->name, start_));
  EXPECT_TRUE(keys_.find(second->name, start_)->is_current);
}

TEST_F(TicketKeys, HoweverOftenItIsChangedFewAreKept) {
  const auto first = keys_.current(start_);
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(keys_.change(start_));
  EXPECT_FALSE(keys_.find(first->name, start_));
}

} // namespace
} // namespace perron::runtime::tls
