// SPDX-License-Identifier: BSD-3-Clause
#include <perron/bench/soak/server_watch.hpp>

#include "support/loopback.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <utility>

namespace perron::soak {
namespace {

/// A child that does something, says that it has, and lives until it is told to end.
class child {
public:
  explicit child(const std::function<void()>& work) {
    std::array<int, 2> ready{};
    std::array<int, 2> end{};
    EXPECT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(end.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(end[1]);
      work();
      char byte = 0;
      (void)!::write(ready[1], &byte, 1);
      (void)!::read(end[0], &byte, 1); // until the parent closes its end
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    ::close(end[0]);
    end_ = end[1];
  }
  ~child() { stop(); }
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  void stop() {
    if (end_ < 0)
      return;
    ::close(std::exchange(end_, -1));
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  }
  pid_t pid() const { return pid_; }

private:
  pid_t pid_ = -1;
  int end_ = -1;
};

void touch(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, bytes);
}

constexpr std::size_t megabytes = 16 * 1024 * 1024;

TEST(server_watch, counts_memory_and_descriptors_of_a_process) {
  const child small([] {});
  const child great([] {
    touch(megabytes);
    for (int i = 0; i < 100; ++i)
      EXPECT_GE(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
  });
  const auto small_watch = server_watch::of_process(small.pid());
  const auto great_watch = server_watch::of_process(great.pid());
  ASSERT_TRUE(small_watch && great_watch);
  const server_figures less = small_watch->read_with_memory();
  const server_figures more = great_watch->read_with_memory();
  EXPECT_EQ(more.processes, 1U);
  EXPECT_GE(more.descriptors, less.descriptors + 100);
  EXPECT_LT(more.descriptors, less.descriptors + 110);
  EXPECT_GE(more.anonymous_bytes, less.anonymous_bytes + megabytes * 9 / 10);
  ASSERT_TRUE(more.pss_bytes && less.pss_bytes && more.private_bytes && less.private_bytes);
  EXPECT_GE(*more.pss_bytes, *less.pss_bytes + megabytes * 9 / 10);
  EXPECT_GE(*more.private_bytes, *less.private_bytes + megabytes * 9 / 10);
  EXPECT_FALSE(great_watch->read().pss_bytes);
}

TEST(server_watch, descendants_count) {
  const child root([] {
    std::array<int, 2> ready{};
    (void)!::pipe2(ready.data(), O_CLOEXEC);
    if (::fork() == 0) {
      // Ends with its parent; that has not ended yet, as it waits for what comes.
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ready[0]);
      ::close(ready[1]);
      for (;;)
        ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
  });
  const auto watch = server_watch::of_process(root.pid());
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->read().processes, 2U);
  EXPECT_EQ(watch->pids().size(), 2U);
  EXPECT_EQ(watch->pids().front(), root.pid());
}

TEST(server_watch, time_of_processes_that_ended_stays) {
  const child root([] {
    const pid_t busy = ::fork();
    if (busy == 0) {
      // A tenth of a second of CPU time: ten of the kernel's ticks.
      timespec used{};
      do
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
      while (used.tv_sec == 0 && used.tv_nsec < 100'000'000);
      ::_exit(0);
    }
    ::waitpid(busy, nullptr, 0);
  });
  const auto watch = server_watch::of_process(root.pid());
  ASSERT_TRUE(watch);
  const server_figures figures = watch->read();
  EXPECT_EQ(figures.processes, 1U);
  EXPECT_GT(figures.user_s + figures.system_s, 0.0);
}

TEST(server_watch, finds_who_listens_on_a_port) {
  const int fd = testing::listen_on_loopback();
  const std::uint16_t port = testing::port_of(fd);
  // The child has it by the fork, and is of the same program as its parent.
  const child other([] {});
  const auto found = listeners_on(port);
  EXPECT_EQ(found,
            (std::vector<pid_t>{std::min(::getpid(), other.pid()), std::max(::getpid(), other.pid())}));
  const auto watch = server_watch::of_listener(port);
  ASSERT_TRUE(watch);
  const auto pids = watch->pids();
  EXPECT_NE(std::find(pids.begin(), pids.end(), other.pid()), pids.end());
  const auto facts = watch->facts();
  EXPECT_NE(facts.command.find("test"), std::string::npos) << facts.command;
  EXPECT_GE(facts.pids.size(), 2U);
  ::close(fd);
}

TEST(server_watch, says_when_there_is_nobody) {
  const int fd = testing::listen_on_loopback();
  const std::uint16_t port = testing::port_of(fd);
  ::close(fd);
  EXPECT_FALSE(server_watch::of_listener(port));
  child gone([] {});
  gone.stop();
  EXPECT_FALSE(server_watch::of_process(gone.pid()));
}

TEST(server_watch, reading_what_has_gone_is_all_zero) {
  child soon_gone([] {});
  const auto watch = server_watch::of_process(soon_gone.pid());
  ASSERT_TRUE(watch);
  soon_gone.stop();
  const server_figures figures = watch->read_with_memory();
  EXPECT_EQ(figures.processes, 0U);
  EXPECT_FALSE(figures.pss_bytes);
}

TEST(server_watch, machine_has_memory_and_sockets) {
  const int fd = testing::listen_on_loopback();
  const machine_figures figures = read_machine();
  EXPECT_GT(figures.available_bytes, 0U);
  EXPECT_GT(figures.slab_bytes, 0U);
  EXPECT_GE(figures.slab_bytes, figures.slab_unreclaimable);
  EXPECT_GT(figures.sockets, 0U);
  ::close(fd);
}

} // namespace
} // namespace perron::soak
