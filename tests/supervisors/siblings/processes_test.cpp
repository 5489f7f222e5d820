// SPDX-License-Identifier: BSD-3-Clause
//
// Programs of several processes, and what becomes of them when one is killed, stopped or no good.
#include "support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace perron::siblings {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

/// One run of siblings_program; after it no process of it may be left.
class nodes {
public:
  explicit nodes(const std::string& mode, const std::vector<std::string>& more = {})
      : p_(PERRON_BIN_DIR "/tests/siblings_program", arguments(mode, more)) {}
  ~nodes() {
    for (const pid_t each : seen_)
      EXPECT_TRUE(ends(each)) << "process " << each << " is left";
  }
  nodes(const nodes&) = delete;
  nodes& operator=(const nodes&) = delete;

  /// The next line, empty at the end of the last process, as all have standard output open. Of a node that
  /// begins it is noted who it is.
  std::string line() {
    std::string said = p_.read_line();
    unsigned node = 0;
    int pid = 0;
    if (std::sscanf(said.c_str(), "node %u is %d", &node, &pid) == 2) {
      pids[node] = pid;
      seen_.push_back(pid);
    }
    return said;
  }
  /// Until so many nodes have begun since the beginning.
  void await_begun(std::size_t count) {
    while (seen_.size() < count)
      ASSERT_FALSE(line().empty()) << logged();
  }
  std::string next(const std::string& begin) {
    std::string said = line();
    while (!said.empty() && !said.starts_with(begin))
      said = line();
    EXPECT_FALSE(said.empty()) << "'" << begin << "' was not said; " << logged();
    return said;
  }
  void signal(int number) const { p_.signal(number); }
  std::string logged() const { return p_.logged(); }

  int end() {
    while (!line().empty()) {
    }
    return p_.wait();
  }
  void expect_orderly_end() {
    signal(SIGTERM);
    EXPECT_EQ(end(), 0) << logged();
    EXPECT_THAT(logged(), Not(HasSubstr("could not be ended")));
    EXPECT_THAT(logged(), Not(HasSubstr("is killed")));
  }

  std::map<unsigned, pid_t> pids; ///< by node

private:
  /// It may be about to.
  static bool ends(pid_t process) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0U));
    if (fd < 0)
      return errno == ESRCH;
    pollfd ended{fd, POLLIN, 0};
    const bool has =
        ::poll(&ended, 1, static_cast<int>(std::chrono::milliseconds(testing::patience).count())) == 1;
    ::close(fd);
    return has;
  }

  static std::vector<std::string> arguments(const std::string& mode, std::vector<std::string> more) {
    more.insert(more.begin(), {"--mode", mode});
    return more;
  }

  testing::program p_;
  std::vector<pid_t> seen_;
};

TEST(processes, begin_together_and_stop_together) {
  for (const int signal : {SIGTERM, SIGINT}) {
    nodes n("waits");
    n.await_begun(3);
    EXPECT_EQ(n.pids.size(), 3U);
    n.signal(signal);
    const std::vector<std::string> ends{n.line(), n.line(), n.line()};
    EXPECT_THAT(ends, UnorderedElementsAre("end 0", "end 1", "end 2"));
    EXPECT_EQ(n.end(), 0) << n.logged();
  }
}

TEST(processes, have_no_parent_where_there_is_one) {
  nodes n("waits", {"--processes", "1"});
  n.await_begun(1);
  ::kill(n.pids[0], SIGKILL);
  EXPECT_EQ(n.end(), 128 + SIGKILL);
}

TEST(processes, are_started_again_when_they_are_killed) {
  nodes n("tells_changes");
  n.next("0: 2 is up");
  n.await_begun(3);
  const pid_t before = n.pids[2];
  ::kill(before, SIGKILL);
  n.next("0: 2 is down");
  n.next("0: 2 is up");
  EXPECT_THAT(n.logged(), HasSubstr("program: node 2 (process " + std::to_string(before) +
                                    ") was ended by signal 9 (Killed); it is started again in"));
  n.expect_orderly_end();
}

TEST(processes, may_be_killed_any_number_of_times) {
  nodes n("waits");
  for (std::size_t kills = 0; kills < 20; ++kills) {
    n.await_begun(3 + kills);
    ::kill(n.pids[static_cast<unsigned>(kills % 3)], SIGKILL);
  }
  n.await_begun(23);
  n.expect_orderly_end();
}

TEST(processes, are_started_again_when_somebody_stops_one) {
  nodes n("waits");
  n.await_begun(3);
  ::kill(n.pids[1], SIGTERM);
  n.next("end 1");
  n.await_begun(4);
  EXPECT_THAT(n.logged(), HasSubstr("was ended by signal 15"));
  n.expect_orderly_end();
}

TEST(processes, stop_in_order_when_the_parent_is_killed) {
  nodes n("waits");
  n.await_begun(3);
  n.signal(SIGKILL);
  const std::vector<std::string> ends{n.line(), n.line(), n.line()};
  EXPECT_THAT(ends, UnorderedElementsAre("end 0", "end 1", "end 2"));
  EXPECT_EQ(n.end(), 128 + SIGKILL);
  EXPECT_THAT(n.logged(), HasSubstr("parted from the parent process"));
}

TEST(processes, end_at_once_at_the_second_signal) {
  nodes n("is_stubborn");
  n.await_begun(3);
  n.signal(SIGTERM);
  for (int i = 0; i < 3; ++i)
    n.next("end ");
  n.signal(SIGTERM);
  EXPECT_EQ(n.end(), 128 + SIGTERM);
}

TEST(processes, that_do_not_read_are_named_and_killed_and_started_again) {
  nodes n("asks_a_stopped_one", {"--patience", "2000"});
  n.await_begun(3);
  const pid_t before = n.pids[1];
  EXPECT_EQ(n.next("ask: "), "ask: 1 is down");
  n.next("1 is back");
  EXPECT_THAT(n.logged(), HasSubstr("node 1 (process " + std::to_string(before) +
                                    ") has read nothing for 2000 ms; it is killed"));
  n.signal(SIGTERM);
  EXPECT_EQ(n.end(), 0) << n.logged();
}

TEST(processes, hold_up_those_who_publish_more_than_another_one_reads) {
  nodes n("floods", {"--patience", "2000"});
  n.next("flooded");
  n.next("1 is back");
  EXPECT_THAT(n.logged(), HasSubstr("has read nothing for 2000 ms; it is killed"));
  n.signal(SIGTERM);
  EXPECT_EQ(n.end(), 0) << n.logged();
}

TEST(processes, end_the_program_if_one_does_not_start) {
  nodes n("does_not_start");
  EXPECT_EQ(n.end(), 1);
  EXPECT_THAT(n.logged(), HasSubstr("no such thing"));
  EXPECT_THAT(n.logged(), HasSubstr("node 0 ended with exit code 1 before all were up"));
}

TEST(processes, give_2_for_a_value_that_is_none) {
  nodes n("refuses_a_value");
  EXPECT_EQ(n.end(), 2);
  EXPECT_THAT(n.logged(), HasSubstr("--mode: 'refuses_a_value': no good"));
}

TEST(processes, end_the_program_if_one_crashes_at_its_start_again_and_again) {
  nodes n("aborts_at_start");
  EXPECT_EQ(n.end(), 1);
  EXPECT_THAT(n.logged(), HasSubstr("node 0 failed 5 times in a row, each soon after its start; it crashed "
                                    "by signal 6"));
}

TEST(processes, end_the_program_if_all_crash_soon_after_their_start) {
  nodes n("crashes");
  EXPECT_EQ(n.end(), 1);
  EXPECT_THAT(n.logged(), HasSubstr("cannot live"));
}

TEST(processes, end_with_0_when_all_have_finished) {
  nodes n("finishes");
  EXPECT_EQ(n.end(), 0) << n.logged();
  EXPECT_EQ(n.pids.size(), 3U);
}

TEST(processes, stop_all_when_one_stops_the_program) {
  nodes n("stops_all");
  EXPECT_EQ(n.end(), 0) << n.logged();
  EXPECT_EQ(n.pids.size(), 3U);
}

TEST(processes, cannot_be_where_there_are_threads) {
  ::setenv("EARLY_THREAD", "1", 1);
  nodes n("waits");
  ::unsetenv("EARLY_THREAD");
  EXPECT_EQ(n.end(), 1);
  EXPECT_THAT(n.logged(), HasSubstr("program: there are threads already"));
}

TEST(processes, announce_once) {
  nodes n("announces");
  n.await_begun(3);
  n.next("all are up");
  ::kill(n.pids[0], SIGKILL);
  n.await_begun(4);
  n.signal(SIGTERM);
  for (std::string said = n.line(); !said.empty(); said = n.line())
    EXPECT_NE(said, "all are up");
  EXPECT_EQ(n.end(), 0) << n.logged();
}

// -- what they say to each other

TEST(processes, see_all_publishes_in_one_order) {
  nodes n("publishes");
  const std::string first = n.next("saw ");
  EXPECT_EQ(first.find("out of order"), std::string::npos);
  EXPECT_EQ(n.next("saw "), first);
  EXPECT_EQ(n.next("saw "), first);
  n.expect_orderly_end();
}

TEST(processes, ask_each_other) {
  nodes n("asks");
  EXPECT_EQ(n.next("number:"), "number: 0=x0 1=x1 2=x2");
  EXPECT_EQ(n.next("not 1:"), "not 1: 0=yes 1 knows nothing 2=yes");
  EXPECT_EQ(n.next("1 is slow:"), "1 is slow: 0=yes 1 is mute 2=yes");
  EXPECT_EQ(n.next("number:"), "number: 0=x0 1=x1 2=x2");
  EXPECT_EQ(n.next("one:"), "one: y2");
  n.expect_orderly_end();
}

TEST(processes, are_told_that_one_is_down_when_they_ask_it) {
  nodes n("asks_the_dead", {"--back-off", "3600000"});
  EXPECT_EQ(n.next("number:"), "number: 0=0 1 is down 2=2");
  EXPECT_EQ(n.next("2 dies:"), "2 dies: 0=lives 1 is down 2 is down");
  n.expect_orderly_end();
}

} // namespace
} // namespace perron::siblings
