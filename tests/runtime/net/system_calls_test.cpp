// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/system_calls.hpp>

#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace perron::runtime::net::detail {
namespace {

/// A socket that is closed at the end.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() { ::close(fd_); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  operator int() const { return fd_; }

private:
  int fd_;
};

TEST(waiting_to_be_accepted, counts_those_of_a_listening_tcp_socket) {
  const descriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&at), size), 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), INT_MAX) << "it does not listen yet";
  ASSERT_EQ(::listen(listening, 16), 0);
  ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size), 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), 0);
  std::vector<testing::raw_client> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(testing::raw_client::to(ntohs(at.sin_port)));
    EXPECT_EQ(waiting_to_be_accepted(listening), i);
  }
  const descriptor one(try_accept(listening));
  EXPECT_GE(one, 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), 2);
  EXPECT_EQ(waiting_to_be_accepted(one), INT_MAX) << "it does not listen";
}

TEST(waiting_to_be_accepted, is_unknown_for_other_sockets) {
  const descriptor other(::socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(waiting_to_be_accepted(other), INT_MAX);
  EXPECT_EQ(waiting_to_be_accepted(-1), INT_MAX);
}

class file_behind_a_head : public ::testing::Test {
protected:
  void SetUp() override {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
    here_.emplace(pair[0]);
    there_.emplace(pair[1]);
    file_.emplace(::memfd_create("perron-test", MFD_CLOEXEC));
    ASSERT_EQ(::write(*file_, "0123456789", 10), 10);
  }
  std::string received() {
    std::string bytes(100, ' ');
    bytes.resize(
        static_cast<std::size_t>(std::max<::ssize_t>(::read(*there_, bytes.data(), bytes.size()), 0)));
    return bytes;
  }

  std::optional<descriptor> here_;
  std::optional<descriptor> there_;
  std::optional<descriptor> file_;
};

TEST_F(file_behind_a_head, is_sent_from_its_offset) {
  ::off_t offset = 3;
  EXPECT_EQ(try_sendfile(*here_, "head ", *file_, offset, 4), 9);
  EXPECT_EQ(offset, 7);
  EXPECT_EQ(received(), "head 3456");
  EXPECT_EQ(try_sendfile(*here_, "", *file_, offset, 100), 3) << "it is shorter";
  EXPECT_EQ(received(), "789");
}

TEST_F(file_behind_a_head, the_next_call_tells_what_is_wrong_with_it) {
  ::off_t offset = 0;
  EXPECT_EQ(try_sendfile(*here_, "head ", -1, offset, 4), 5);
  EXPECT_EQ(try_sendfile(*here_, "", -1, offset, 4), -EBADF);
  EXPECT_EQ(received(), "head ");
  EXPECT_EQ(offset, 0);
}

TEST_F(file_behind_a_head, nothing_of_it_is_sent_where_there_is_no_room_for_the_head) {
  const std::string much(1'000'000, 'x');
  ::off_t offset = 0;
  const std::int64_t taken = try_sendfile(*here_, much, *file_, offset, 4);
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, 1'000'000);
  EXPECT_EQ(try_sendfile(*here_, much, *file_, offset, 4), -EAGAIN);
  EXPECT_EQ(offset, 0);
}

} // namespace
} // namespace perron::runtime::net::detail
