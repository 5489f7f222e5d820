// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/nodes/socket_shelf.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

namespace perron::httpd::program {
namespace {

using ::testing::ElementsAre;

/// Which socket a descriptor is.
ino_t number_of(int fd) {
  struct stat s {};
  EXPECT_EQ(::fstat(fd, &s), 0);
  return s.st_ino;
}

class socket_shelf_test : public ::testing::Test {
protected:
  ~socket_shelf_test() override {
    for (const int fd : open_)
      ::close(fd);
  }
  std::vector<int> sockets(std::size_t count) {
    std::vector<int> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(open_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    return out;
  }
  shelved_sockets copy_of(std::string_view key) {
    shelved_sockets out = shelf_->copy_of(key);
    open_.insert(open_.end(), out.fds.begin(), out.fds.end());
    return out;
  }
  std::vector<std::string> keys() {
    std::vector<std::string> out;
    for (const shelved_sockets& each : shelf_->copies()) {
      out.push_back(each.key);
      open_.insert(open_.end(), each.fds.begin(), each.fds.end());
    }
    return out;
  }

  const std::shared_ptr<socket_shelf> shelf_ = socket_shelf::make().value();

private:
  std::vector<int> open_{};
};

TEST_F(socket_shelf_test, gives_copies_as_often_as_asked) {
  const auto mine = sockets(3);
  ASSERT_TRUE(shelf_->put({"a 1", true, mine}));
  ASSERT_TRUE(shelf_->put({"b 2", false, sockets(1)}));
  for (int i = 0; i < 2; ++i) {
    const auto there = copy_of("a 1");
    EXPECT_TRUE(there.handed_in);
    ASSERT_EQ(there.fds.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_EQ(number_of(there.fds[k]), number_of(mine[k]));
  }
  EXPECT_FALSE(copy_of("b 2").handed_in);
  EXPECT_TRUE(copy_of("c").fds.empty());
  EXPECT_THAT(keys(), ElementsAre("a 1", "b 2"));
}

TEST_F(socket_shelf_test, a_key_is_there_once) {
  ASSERT_TRUE(shelf_->put({"a", false, sockets(1)}));
  const auto later = sockets(2);
  ASSERT_TRUE(shelf_->put({"a", false, later}));
  EXPECT_EQ(number_of(copy_of("a").fds.at(1)), number_of(later[1]));
  EXPECT_THAT(keys(), ElementsAre("a"));
  shelf_->take_off("a");
  EXPECT_THAT(keys(), ElementsAre());
}

TEST_F(socket_shelf_test, more_than_the_kernel_takes_is_an_error) {
  ASSERT_TRUE(shelf_->put({"most", false, sockets(socket_shelf::most_sockets)}));
  EXPECT_EQ(copy_of("most").fds.size(), socket_shelf::most_sockets);
  EXPECT_EQ(shelf_->put({"more", false, sockets(socket_shelf::most_sockets + 1)}).error().code, EMSGSIZE);
}

TEST_F(socket_shelf_test, nothing_is_lost_with_a_process_that_is_killed_while_it_looks) {
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(shelf_->put({std::to_string(i), false, sockets(2)}));
  for (int round = 0; round < 20; ++round) {
    int started[2];
    ASSERT_EQ(::pipe(started), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        for (const shelved_sockets& each : shelf_->copies())
          for (const int fd : each.fds)
            ::close(fd);
        static_cast<void>(!::write(started[1], "x", 1));
      }
    }
    char byte = 0;
    EXPECT_EQ(::read(started[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(started[0]);
    ::close(started[1]);
    EXPECT_EQ(keys().size(), 10U);
  }
}

} // namespace
} // namespace perron::httpd::program
