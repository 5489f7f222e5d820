// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/privileges.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

namespace perron::httpd::program {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// What cannot be taken back is done in a process of its own, whose exit code is the number of the first
/// check that failed.
int in_a_child(const std::function<int()>& check) {
  const pid_t child = ::fork();
  if (child == 0)
    ::_exit(check());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(find_identity, by_name_and_by_number) {
  const identity nobody = find_identity("nobody", "").value();
  EXPECT_NE(nobody.user, 0U);
  EXPECT_THAT(nobody.groups, Contains(nobody.group));
  EXPECT_EQ(nobody.name, "nobody");
  EXPECT_EQ(find_identity(std::to_string(nobody.user), "").value().name, "nobody");
  EXPECT_NE(find_identity("nobody", "daemon").value().group, nobody.group);
  const identity number = find_identity("54321", "54322").value();
  EXPECT_EQ(number.user, 54321U);
  EXPECT_EQ(number.group, 54322U);
}

TEST(find_identity, says_what_is_not_there) {
  EXPECT_THAT(find_identity("no such user", "").error().text, HasSubstr("no user 'no such user'"));
  EXPECT_THAT(find_identity("54321", "").error().text, HasSubstr("needs a group"));
  EXPECT_THAT(find_identity("nobody", "no such group").error().text, HasSubstr("no group 'no such group'"));
  EXPECT_THAT(find_identity("root", "").error().text, HasSubstr("is root"));
  EXPECT_THAT(find_identity("0", "").error().text, HasSubstr("is root"));
}

TEST(become, gives_root_up_for_good) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can";
  EXPECT_EQ(in_a_child([] {
              const identity who = find_identity("nobody", "daemon").value();
              if (!become(who))
                return 1;
              uid_t real = 0, effective = 0, saved = 0;
              ::getresuid(&real, &effective, &saved);
              if (real != who.user || effective != who.user || saved != who.user)
                return 2;
              gid_t group = 0, effective_group = 0, saved_group = 0;
              ::getresgid(&group, &effective_group, &saved_group);
              if (group != who.group || effective_group != who.group || saved_group != who.group)
                return 3;
              std::vector<gid_t> groups(100);
              const int count = ::getgroups(100, groups.data());
              groups.resize(static_cast<std::size_t>(count));
              for (const gid_t g : groups)
                if (g == 0)
                  return 4;
              if (::setuid(0) == 0 || ::seteuid(0) == 0)
                return 5;
              std::ifstream status("/proc/self/status");
              std::string line;
              while (std::getline(status, line))
                if (line == "NoNewPrivs:\t1")
                  return 0;
              return 6;
            }),
            0);
}

TEST(settle_privileges, says_what_it_did) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root has something to give up";
  EXPECT_THAT(settle_privileges("", "").value(), HasSubstr("keeps root"));
  EXPECT_FALSE(settle_privileges("root", ""));
  EXPECT_EQ(in_a_child([] {
              const auto said = settle_privileges("nobody", "");
              if (!said || *said != "runs as nobody")
                return 1;
              const auto again = settle_privileges("nobody", ""); // as one who was started so
              if (!again || !again->empty())
                return 2;
              const auto other = settle_privileges("daemon", "");
              return !other && other.error().text.find("only root") != std::string::npos ? 0 : 3;
            }),
            0);
}

TEST(raise_file_limit, gives_all_that_is_allowed) {
  EXPECT_EQ(in_a_child([] {
              rlimit files{};
              ::getrlimit(RLIMIT_NOFILE, &files);
              files.rlim_cur = 64;
              ::setrlimit(RLIMIT_NOFILE, &files);
              if (raise_file_limit() != files.rlim_max)
                return 1;
              ::getrlimit(RLIMIT_NOFILE, &files);
              return files.rlim_cur == files.rlim_max ? 0 : 2;
            }),
            0);
}

} // namespace
} // namespace perron::httpd::program
