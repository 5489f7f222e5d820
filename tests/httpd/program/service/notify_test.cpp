// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/notify.hpp>

#include "httpd/program/service/notify_socket.hpp"
#include "support/node_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>

namespace perron::httpd::program {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(notifier, says_nothing_where_nobody_asks) {
  ::unsetenv("NOTIFY_SOCKET");
  const notifier to = notifier::take_from_environment();
  EXPECT_FALSE(to.is_on());
  EXPECT_TRUE(to.ready());
  EXPECT_TRUE(to.stopping());
}

TEST(notifier, says_what_the_service_manager_understands) {
  const temporary_folder folder;
  notify_socket manager(folder.path() / "notify");
  ::setenv("NOTIFY_SOCKET", manager.name().c_str(), 1);
  const notifier to = notifier::take_from_environment();
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  const std::string pid = std::to_string(::getpid());
  EXPECT_TRUE(to.ready("3 sites\non 2 listeners"));
  EXPECT_EQ(manager.next(), "STATUS=3 sites on 2 listeners\nREADY=1\nMAINPID=" + pid);
  EXPECT_TRUE(to.ready());
  EXPECT_EQ(manager.next(), "READY=1\nMAINPID=" + pid);
  EXPECT_TRUE(to.status("x"));
  EXPECT_EQ(manager.next(), "STATUS=x\n");
  EXPECT_TRUE(to.watchdog());
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
  EXPECT_TRUE(to.stopping("drains"));
  EXPECT_EQ(manager.next(), "STATUS=drains\nSTOPPING=1");
}

TEST(notifier, a_reload_has_the_time_of_the_monotonic_clock) {
  const temporary_folder folder;
  notify_socket manager(folder.path() / "notify");
  const notifier to(manager.name());
  const auto now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
  };
  const auto before = now();
  EXPECT_TRUE(to.reloading());
  const auto after = now();
  const std::string text = manager.next();
  const std::string wanted = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(text.compare(0, wanted.size(), wanted), 0) << text;
  const long long said = std::atoll(text.c_str() + wanted.size());
  EXPECT_GE(said, before);
  EXPECT_LE(said, after);
}

TEST(notifier, speaks_to_abstract_sockets) {
  notify_socket manager("@perron-notify-test-" + std::to_string(::getpid()));
  EXPECT_TRUE(notifier(manager.name()).watchdog());
  EXPECT_EQ(manager.next(), "WATCHDOG=1");
}

TEST(notifier, says_why_it_cannot) {
  const temporary_folder folder;
  const std::string nowhere = folder.path() / "none";
  EXPECT_EQ(notifier(nowhere).ready().error().code, ENOENT);
  EXPECT_THAT(notifier(nowhere).ready().error().text, HasSubstr(nowhere));
  EXPECT_EQ(notifier("relative").ready().error().code, EINVAL);
  EXPECT_EQ(notifier('/' + std::string(107, 'x')).ready().error().code, EINVAL);
}

TEST(watchdog_interval, is_half_of_what_is_asked_for) {
  const auto taken = [](const char* micros, const std::string& pid) {
    ::setenv("WATCHDOG_USEC", micros, 1);
    if (pid.empty())
      ::unsetenv("WATCHDOG_PID");
    else
      ::setenv("WATCHDOG_PID", pid.c_str(), 1);
    const auto interval = take_watchdog_interval();
    EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
    EXPECT_EQ(std::getenv("WATCHDOG_PID"), nullptr);
    return interval;
  };
  EXPECT_EQ(taken("3000000", ""), 1'500'000us);
  EXPECT_EQ(taken("3000000", std::to_string(::getpid())), 1'500'000us);
  EXPECT_EQ(taken("3000000", "1"), std::nullopt) << "another process is meant";
  for (const char* none : {"", "0", "1", "-3", "x", "3000000x", "99999999999999999999999"})
    EXPECT_EQ(taken(none, ""), std::nullopt) << none;
  EXPECT_EQ(take_watchdog_interval(), std::nullopt);
}

class watch_test : public node_fixture {};

TEST_F(watch_test, workers_that_run_answer) {
  run([] { EXPECT_TRUE(do_workers_answer(2, patience)); });
}

TEST_F(watch_test, what_does_not_answer_in_time_is_no_answer) {
  run([] { EXPECT_FALSE(do_workers_answer(2, 0ms)); });
  // their ends come later and disturb nobody
  run([] { EXPECT_TRUE(do_workers_answer(2, patience)); });
}

/// What comes all the time must not crowd out what is said once.
TEST_F(watch_test, what_is_said_once_waits_for_room) {
  const temporary_folder folder;
  notify_socket manager(folder.path() / "notify");
  const notifier to(manager.name());
  while (to.watchdog()) {
  }
  EXPECT_EQ(to.ready().error().code, EAGAIN) << "no process, which could wait";
  const runtime::pid teller = node().spawn([to] {
    EXPECT_TRUE(to.reloading());
    EXPECT_TRUE(to.ready());
    EXPECT_TRUE(to.stopping());
  });
  EXPECT_THAT(manager.next_but_watchdog(), StartsWith("RELOADING=1"));
  EXPECT_THAT(manager.next_but_watchdog(), StartsWith("READY=1"));
  EXPECT_EQ(manager.next_but_watchdog(), "STOPPING=1");
  run([teller] { yield_until([&] { return !runtime::alive(teller); }); });
}

TEST_F(watch_test, a_node_that_lives_says_so_again_and_again) {
  const temporary_folder folder;
  notify_socket manager(folder.path() / "notify");
  const runtime::pid watch = node().spawn([to = notifier(manager.name())] {
    watch_node(to, 20s / 1000, [] { return do_workers_answer(2, patience); });
  });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
  run([watch] { runtime::exit(watch, runtime::exit_reason::shutdown()); });
}

} // namespace
} // namespace perron::httpd::program
