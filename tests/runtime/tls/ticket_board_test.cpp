// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/ticket_board.hpp>

#include <perron/runtime/tls/ticket_keys.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace perron::runtime::tls {
namespace {

using std::chrono::seconds;

class TicketBoard : public ::testing::Test {
protected:
  ~TicketBoard() override { ::munmap(board_, sizeof(ticket_board)); }

  static ticket_board::label label(unsigned char n) { return {n}; }
  ticket_keys keys(unsigned char n = 1) const { return {seconds(100), seconds(1000), *board_, label(n)}; }

  /// Runs in a child, as a node; gives whether it was content.
  template <class F>
  static bool in_child(F&& f) {
    const pid_t child = ::fork();
    if (child == 0)
      ::_exit(std::forward<F>(f)() ? 0 : 1);
    int how = 0;
    EXPECT_EQ(::waitpid(child, &how, 0), child);
    return WIFEXITED(how) && WEXITSTATUS(how) == 0;
  }

  ticket_board* const board_ = ticket_board::make().value();
  const ticket_keys::time_point start_{seconds(1'000'000)};
};

TEST_F(TicketBoard, KeysOfOneLabelAreTheSameAndOthersAreNot) {
  const auto one = keys().current(start_);
  ASSERT_TRUE(one);
  EXPECT_EQ(keys().current(start_)->cipher, one->cipher);
  EXPECT_NE(keys(2).current(start_)->cipher, one->cipher);
  EXPECT_TRUE(keys().find(one->name, start_)->is_current);
  EXPECT_FALSE(keys(2).find(one->name, start_));
}

TEST_F(TicketBoard, TheyAreTheSameInAllProcesses) {
  const auto mine = keys().current(start_);
  EXPECT_TRUE(in_child([&] { return keys().current(start_)->mac == mine->mac; }));
  // one that makes the next changes it for all
  EXPECT_TRUE(in_child([&] { return keys().current(start_ + seconds(100))->name != mine->name; }));
  const auto next = keys().current(start_ + seconds(100));
  EXPECT_NE(next->name, mine->name);
  EXPECT_FALSE(keys().find(mine->name, start_ + seconds(100))->is_current);
  EXPECT_TRUE(in_child([&] { return keys().find(next->name, start_ + seconds(100))->is_current; }));
  EXPECT_TRUE(in_child([&] { return keys().change(start_ + seconds(101)); }));
  EXPECT_FALSE(keys().find(next->name, start_ + seconds(101))->is_current);
  // and who forgets one forgets it for all
  EXPECT_TRUE(in_child([&] { return !keys().find(mine->name, start_ + seconds(1100)); }));
  EXPECT_FALSE(keys().find(mine->name, start_));
}

TEST_F(TicketBoard, TheLabelNotUsedForTheLongestTimeGoes) {
  ticket_keys first = keys(0);
  const auto its = first.current(start_);
  ticket_keys second = keys(1);
  const auto others = second.current(start_);
  for (std::size_t n = 2; n < ticket_board::most_labels; ++n)
    keys(static_cast<unsigned char>(n)).current(start_);
  EXPECT_TRUE(second.find(others->name, start_));
  keys(200).current(start_);
  EXPECT_TRUE(second.find(others->name, start_));
  EXPECT_FALSE(first.find(its->name, start_)) << "and it has a new place now";
  EXPECT_TRUE(first.current(start_));
}

TEST_F(TicketBoard, AProcessThatDiesWithTheLockTakesTheKeysAlong) {
  const auto before = keys().current(start_);
  // as if it was killed between two instructions
  EXPECT_TRUE(in_child([&] {
    new ticket_board::turn(*board_); // NOLINT: the process ends with it
    return true;
  }));
  EXPECT_FALSE(keys().find(before->name, start_));
  const auto after = keys().current(start_);
  ASSERT_TRUE(after);
  EXPECT_NE(after->cipher, before->cipher);
  EXPECT_TRUE(in_child([&] { return keys().find(after->name, start_).has_value(); }));
}

TEST_F(TicketBoard, WhileItIsHeldThereAreNoTickets) {
  const auto before = keys().current(start_);
  std::optional<ticket_board::turn> held(std::in_place, *board_);
  EXPECT_TRUE(in_child([&] {
    return !keys().current(start_) && !keys().find(before->name, start_) && !keys().change(start_);
  }));
  held.reset();
  EXPECT_TRUE(in_child([&] { return keys().find(before->name, start_).has_value(); }));
}

} // namespace
} // namespace perron::runtime::tls
