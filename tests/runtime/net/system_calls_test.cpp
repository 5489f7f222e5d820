// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/system_calls.hpp>

#include "support/loopback.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

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

/// Gives the port.
std::uint16_t bind_to_loopback(int fd) {
  EXPECT_EQ(testing::bind_to(fd, testing::loopback()), 0);
  return testing::port_of(fd);
}

TEST(waiting_to_be_accepted, counts_those_of_a_listening_tcp_socket) {
  const descriptor listening(::socket(AF_INET, SOCK_STREAM, 0));
  const std::uint16_t port = bind_to_loopback(listening);
  EXPECT_EQ(waiting_to_be_accepted(listening), INT_MAX) << "it does not listen yet";
  ASSERT_EQ(::listen(listening, 16), 0);
  EXPECT_EQ(waiting_to_be_accepted(listening), 0);
  std::vector<testing::raw_client> clients;
  for (int i = 1; i <= 3; ++i) {
    clients.push_back(testing::raw_client::to(port));
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

/// Segments that a TCP socket has sent. The C library's tcp_info ends before tcpi_segs_out.
std::uint32_t segments_sent(int fd) {
  std::array<std::uint32_t, 36> info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.data(), &size), 0);
  EXPECT_EQ(size, sizeof info);
  return info[34];
}

class over_tcp : public ::testing::Test {
protected:
  void SetUp() override {
    const std::uint16_t port = bind_to_loopback(listening_);
    ASSERT_EQ(::listen(listening_, 1), 0);
    ASSERT_TRUE(client_.connect(port));
    socket_.emplace(try_accept(listening_));
  }

  testing::raw_client client_{4096};
  std::optional<descriptor> socket_;

private:
  descriptor listening_{::socket(AF_INET, SOCK_STREAM, 0)};
};

class head_over_tcp : public over_tcp {
protected:
  void SetUp() override {
    over_tcp::SetUp();
    const int on = 1; // else the file might wait for the head to be acknowledged, and be joined with nothing
    ASSERT_EQ(::setsockopt(*socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
  }
  /// How many segments a short head and a short file take.
  std::uint32_t segments(head_goes when) {
    const std::uint32_t before = segments_sent(*socket_);
    ::off_t offset = 0;
    EXPECT_EQ(try_sendfile(*socket_, "head ", file_, offset, 4, when), 9);
    const std::uint32_t taken = segments_sent(*socket_) - before;
    EXPECT_EQ(client_.read_until("0123"), "head 0123");
    return taken;
  }

  descriptor file_{::memfd_create("perron-test", MFD_CLOEXEC)};
};

TEST_F(head_over_tcp, goes_ahead_of_the_file_or_in_one_segment_with_it) {
  ASSERT_EQ(::write(file_, "0123456789", 10), 10);
  EXPECT_EQ(segments(head_goes::ahead), 2U);
  // the kernel waits for a fifth of a second, for which a busy machine may leave us between the two
  std::uint32_t taken = 2;
  for (int i = 0; i < 20 && taken != 1; ++i)
    taken = segments(head_goes::with_file);
  EXPECT_EQ(taken, 1U);
}

TEST_F(head_over_tcp, goes_out_even_if_nothing_follows) {
  ::off_t offset = 0;
  EXPECT_EQ(try_sendfile(*socket_, "head ", -1, offset, 4, head_goes::with_file), 5);
  EXPECT_EQ(client_.read_until("head "), "head ");
}

using last_bytes = over_tcp;

TEST_F(last_bytes, go_out_in_one_segment_with_the_end) {
  const std::uint32_t before = segments_sent(*socket_);
  EXPECT_EQ(try_send_last(*socket_, "goodbye"), 7);
  EXPECT_EQ(segments_sent(*socket_), before + 1);
  EXPECT_EQ(client_.read_to_end(), "goodbye");
}

TEST_F(last_bytes, are_not_lost_if_the_peer_has_sent_what_nobody_reads) {
  ASSERT_TRUE(client_.send("unread"));
  EXPECT_EQ(try_send_last(*socket_, "goodbye"), 7);
  socket_.reset();
  EXPECT_EQ(client_.read_until("goodbye"), "goodbye");
}

TEST_F(last_bytes, that_are_not_all_taken_are_not_the_end) {
  const std::string all(std::size_t(64) * 1024 * 1024, '\n');
  const std::int64_t taken = try_send_last(*socket_, all);
  ASSERT_GT(taken, 0);
  ASSERT_LT(taken, static_cast<std::int64_t>(all.size()));
  std::size_t came = 0;
  while (try_send_last(*socket_, "!") == -EAGAIN)
    came += client_.read_until("\n").size();
  came += client_.read_to_end().size();
  EXPECT_EQ(came, static_cast<std::size_t>(taken) + 1);
}

} // namespace
} // namespace perron::runtime::net::detail
