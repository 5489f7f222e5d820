// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/server_end.hpp>

#include "support/loopback.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <utility>

namespace perron::soak {
namespace {

class server_end_test : public ::testing::Test {
protected:
  void SetUp() override {
    listener_ = testing::listen_on_loopback();
    server_ = testing::local_address(listener_);
    client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(testing::connect_to(client_, server_), 0);
  }
  void TearDown() override {
    for (const int fd : {accepted_, client_, listener_})
      if (fd >= 0)
        ::close(fd);
  }

  void accept_it() { accepted_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// Until the client has heard of it.
  void reset_by_server() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(accepted_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(accepted_, -1));
    pollfd news{.fd = client_, .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&news, 1, 60'000), 1);
  }

  int listener_ = -1;
  int client_ = -1;
  int accepted_ = -1;
  sockaddr_in server_{};
};

TEST_F(server_end_test, is_there_before_the_server_accepts_and_after) {
  EXPECT_EQ(server_end(server_, testing::local_address(client_)), end_state::open);
  accept_it();
  EXPECT_EQ(server_end(server_, testing::local_address(client_)), end_state::open);
}

TEST_F(server_end_test, is_gone_when_the_server_has_reset_it) {
  accept_it();
  reset_by_server();
  EXPECT_EQ(server_end(server_, testing::local_address(client_)), end_state::none);
}

TEST_F(server_end_test, is_not_found_where_somebody_only_listens) {
  sockaddr_in other = testing::local_address(client_);
  other.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  EXPECT_EQ(server_end(server_, other), end_state::none);
}

TEST_F(server_end_test, the_ends_are_not_mistaken_for_each_other) {
  accept_it();
  ::shutdown(accepted_, SHUT_RDWR);
  EXPECT_EQ(server_end(server_, testing::local_address(client_)), end_state::ending);
}

TEST_F(server_end_test, a_connection_begins_twice_where_somebody_with_its_ports_has_vanished) {
  EXPECT_FALSE(began_twice(client_));
  accept_it();
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 77); // whose ports no other test uses
  const auto come_from_it = [&] {
    ::close(client_);
    client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(client_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0) << errno;
    ASSERT_EQ(testing::connect_to(client_, server_), 0) << errno;
    ::close(std::exchange(accepted_, -1));
    accept_it(); // or the queue would be full
  };
  come_from_it();
  own = testing::local_address(client_);
  const int on = 1;
  if (::setsockopt(client_, SOL_TCP, TCP_REPAIR, &on, sizeof on) != 0)
    GTEST_SKIP() << "only root can leave without a word";
  come_from_it();
  EXPECT_TRUE(began_twice(client_));
}

} // namespace
} // namespace perron::soak
