// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/net/acceptors.hpp>

#include <perron/runtime/core/worker.hpp>

#include "runtime/net/connections.hpp"

#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <vector>

namespace perron::runtime::net {
namespace {

using namespace std::chrono_literals;
using namespace perron::testing;

using Acceptors = net_fixture;

void echo_in_a_process(int fd, core::worker&) {
  spawn([s = stream::adopt(fd).value()]() mutable { echo(s); });
}

void talk_to(const address& where) {
  auto s = connect(where).value();
  ASSERT_TRUE(s.write("hello"));
  EXPECT_EQ(read_string(s, 5), "hello");
}

TEST_F(Acceptors, ServeOnEveryWorker) {
  std::array<std::atomic<int>, 2> served{};
  run([&] {
    auto doors = listen_each(address::loopback(0), {}, [&](int fd, core::worker& at) {
      served[at.index].fetch_add(1);
      echo_in_a_process(fd, at);
    });
    ASSERT_TRUE(doors) << doors.error().text;
    EXPECT_NE(doors->local().port(), 0);
    // the system spreads connections by a hash of their ports; each worker gets some in the end
    for (int i = 0; i < 1000 && (served[0] == 0 || served[1] == 0); ++i)
      talk_to(doors->local());
    EXPECT_GT(served[0], 0);
    EXPECT_GT(served[1], 0);
  });
}

TEST_F(Acceptors, AreOpenedFromAnOrdinaryThread) {
  auto opened = listen_each(address::loopback(0), {}, echo_in_a_process);
  ASSERT_TRUE(opened);
  auto doors = std::move(*opened);
  run([&] { talk_to(doors.local()); });
  doors.close();
}

TEST_F(Acceptors, ServeAUnixPathAndRemoveIt) {
  const auto path =
      std::filesystem::temp_directory_path() / ("perron-acceptors-" + std::to_string(::getpid()));
  run([&] {
    auto doors = listen_each(address::unix_path(path.string()).value(), {}, echo_in_a_process).value();
    talk_to(doors.local());
    doors.close();
    EXPECT_FALSE(std::filesystem::exists(path));
  });
}

TEST_F(Acceptors, TakeABurstThatIsLongerThanOneTurn) {
  run([] {
    auto doors = listen_each(address::loopback(0), {}, echo_in_a_process).value();
    std::vector<stream> all;
    for (int i = 0; i < 300; ++i)
      all.push_back(connect(doors.local()).value());
    for (auto& s : all) {
      ASSERT_TRUE(s.write("x"));
      EXPECT_EQ(read_string(s, 1), "x");
    }
  });
}

TEST_F(Acceptors, RefuseOnceTheyAreClosed) {
  run([] {
    auto doors = listen_each(address::loopback(0), {}, echo_in_a_process).value();
    auto kept = connect(doors.local()).value();
    ASSERT_TRUE(kept.write("x"));
    EXPECT_EQ(read_string(kept, 1), "x");
    const address where = doors.local();
    doors.close();
    doors.close();
    EXPECT_EQ(code_of(connect(where)), ECONNREFUSED);
    ASSERT_TRUE(kept.write("x"));
    EXPECT_EQ(read_string(kept, 1), "x");
    auto again = listen_each(where, {}, echo_in_a_process);
    ASSERT_TRUE(again) << again.error().text;
    talk_to(where);
  });
}

TEST_F(Acceptors, SayWhyTheyCannotListen) {
  run([] {
    auto taken = listener::open(address::loopback(0)).value();
    EXPECT_EQ(code_of(listen_each(taken.local(), {}, echo_in_a_process)), EADDRINUSE);
  });
}

TEST_F(Acceptors, WaitForDescriptorsAndLoseNobody) {
  run([] {
    auto doors = listen_each(address::loopback(0), {}, echo_in_a_process).value();
    std::array<int, 8> clients{};
    for (int& fd : clients)
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int lowest = ::dup(0);
    ::close(lowest);
    const ::rlimit none{static_cast<::rlim_t>(lowest), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    for (const int fd : clients)
      ASSERT_EQ(::connect(fd, doors.local().data(), doors.local().size()), 0);
    sleep_for(5ms); // gives both workers occasion to fail
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    for (const int fd : clients) {
      auto s = stream::adopt(fd).value();
      ASSERT_TRUE(s.write("x"));
      EXPECT_EQ(read_string(s, 1), "x");
    }
  });
}

} // namespace
} // namespace perron::runtime::net
