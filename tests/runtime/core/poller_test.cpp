// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/core/poller.hpp>

#include "support/events.hpp"
#include "support/node_fixture.hpp"

#include <perron/runtime/core/carrier.hpp>
#include <perron/runtime/core/scheduler.hpp>
#include <perron/runtime/core/worker.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>

namespace perron::runtime::core {
namespace {

/// Tells the test of all that its poller tells.
struct watched_socket final : poll_handler {
  struct log {
    testing::outcome_queue<std::uint32_t> events;
    testing::event disposed;
    std::atomic<int> heard{0};
  };

  watched_socket(int descriptor, log& l) : poll_handler(&on_ready, &on_dispose), told(l) {
    fd = descriptor;
    const inside engine;
    home = engine.own();
  }

  static void on_ready(poll_handler& h, std::uint32_t events, worker&) {
    log& told = static_cast<watched_socket&>(h).told;
    told.heard.fetch_add(1);
    told.events.put(events);
  }
  static void on_dispose(poll_handler& h) noexcept {
    auto* const self = static_cast<watched_socket*>(&h);
    log& told = self->told;
    delete self;
    told.disposed.happen();
  }

  log& told;
};

/// On one worker, which sleeps when the process that a test runs has ended.
class late_watch : public testing::one_worker_fixture {
protected:
  void SetUp() override {
    one_worker_fixture::SetUp();
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair_.data()), 0);
  }
  void TearDown() override {
    ::close(pair_[1]);
    one_worker_fixture::TearDown();
  }

  void add(int fd) {
    socket_ = new watched_socket(fd, log_);
    socket_->home->poll.add_late(*socket_);
  }
  void retire() {
    run([this] { socket_->home->poll.retire(*socket_); });
    log_.disposed.await();
  }
  void write_byte() const { EXPECT_EQ(::write(pair_[1], "x", 1), 1); }

  std::array<int, 2> pair_{-1, -1};
  watched_socket::log log_;
  watched_socket* socket_ = nullptr;
};

TEST_F(late_watch, what_is_over_before_anybody_looks_hears_nothing) {
  write_byte();
  run([this] {
    add(pair_[0]);
    socket_->home->poll.retire(*socket_);
  });
  log_.disposed.await();
  run([] {});
  EXPECT_EQ(log_.heard.load(), 0);
}

TEST_F(late_watch, is_looked_at_and_then_watched_when_the_worker_sleeps) {
  run([this] { add(pair_[0]); });
  EXPECT_EQ(log_.events.take(), 0U);
  write_byte();
  EXPECT_EQ(log_.events.take(), std::uint32_t(EPOLLIN));
  retire();
}

TEST_F(late_watch, hears_of_what_was_there_before) {
  write_byte();
  run([this] { add(pair_[0]); });
  EXPECT_EQ(log_.events.take(), 0U);
  EXPECT_EQ(log_.events.take(), std::uint32_t(EPOLLIN));
  retire();
}

TEST_F(late_watch, hears_of_room_to_write_only_when_asked) {
  run([this] { add(pair_[0]); });
  EXPECT_EQ(log_.events.take(), 0U);
  write_byte();
  EXPECT_EQ(log_.events.take(), std::uint32_t(EPOLLIN));
  run([this] { EXPECT_TRUE(socket_->home->poll.watch(*socket_, true)); });
  EXPECT_EQ(log_.events.take(), std::uint32_t(EPOLLIN | EPOLLOUT));
  retire();
}

TEST_F(late_watch, who_waits_for_it_does_not_wait_for_the_look) {
  write_byte();
  run([this] {
    add(pair_[0]);
    EXPECT_TRUE(socket_->home->poll.watch(*socket_, true));
    EXPECT_TRUE(socket_->home->poll.watch(*socket_, false)) << "nothing more to do";
  });
  // the worker may look at its sockets once more before it is about to sleep
  const auto first = log_.events.take();
  const auto second = log_.events.take();
  EXPECT_EQ(std::max(first, second), std::uint32_t(EPOLLIN | EPOLLOUT));
  EXPECT_EQ(std::min(first, second), 0U);
  retire();
}

TEST_F(late_watch, what_cannot_be_watched_hears_of_its_end) {
  std::FILE* const file = std::tmpfile(); // epoll(7): not for regular files
  ASSERT_NE(file, nullptr);
  const int fd = ::dup(::fileno(file));
  std::fclose(file);
  run([this, fd] { add(fd); });
  EXPECT_EQ(log_.events.take(), 0U);
  EXPECT_EQ(log_.events.take(), std::uint32_t(EPOLLIN | EPOLLRDHUP | EPOLLHUP));
  retire();
  ::close(pair_[0]);
}

} // namespace
} // namespace perron::runtime::core
