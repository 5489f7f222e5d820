// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/activation.hpp>

#include "support/loopback.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>

namespace perron::httpd::program {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The number a program finds its descriptors under is fixed, so each case has a process of its own, in which
/// `check` gives what is wrong.
void in_a_child(const std::function<std::string()>& check) {
  int words[2];
  ASSERT_EQ(::pipe(words), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(words[1], 100);
    const std::string wrong = check();
    static_cast<void>(::write(100, wrong.data(), wrong.size()));
    ::_exit(0);
  }
  ::close(words[1]);
  std::string wrong;
  char some[1000];
  for (ssize_t n = 0; (n = ::read(words[0], some, sizeof some)) > 0;)
    wrong.append(some, static_cast<std::size_t>(n));
  ::close(words[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(wrong, "");
}

int listening_on_path(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strcpy(at.sun_path, path.c_str());
  ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
  ::listen(fd, 1);
  return fd;
}

void tell(int count, const char* names, pid_t pid = ::getpid()) {
  ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(pid).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", names, 1);
}

TEST(socket_address, is_written_as_in_configurations) {
  EXPECT_EQ(socket_address("0.0.0.0", 80), "0.0.0.0:80");
  EXPECT_EQ(socket_address("::", 443), "[::]:443");
  EXPECT_EQ(socket_address("[::1]", 443), "[::1]:443");
  EXPECT_EQ(socket_address("unix:/run/x", 0), "unix:/run/x");
}

TEST(inherited_sockets, are_none_where_nobody_tells_of_some) {
  ::unsetenv("LISTEN_FDS");
  EXPECT_THAT(take_inherited_sockets().value(), IsEmpty());
  tell(1, "x", 1);
  EXPECT_THAT(take_inherited_sockets().value(), IsEmpty()) << "meant for another process";
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
}

TEST(inherited_sockets, have_their_names_and_addresses) {
  const perron::testing::temporary_folder folder;
  const std::string path = folder.path() / "s";
  in_a_child([&]() -> std::string {
    const int one = testing::listen_on_loopback();
    const int two = listening_on_path(path);
    ::dup2(one, 50);
    ::dup2(two, 4);
    ::dup2(50, 3);
    tell(2, "web:local");
    auto all = take_inherited_sockets();
    if (!all)
      return all.error().text;
    const std::vector<inherited_socket> wanted{{3, "web", "127.0.0.1:" + std::to_string(testing::port_of(3))},
                                               {4, "local", "unix:" + path}};
    if (*all != wanted)
      return "others than wanted";
    if (std::getenv("LISTEN_FDS") != nullptr || std::getenv("LISTEN_PID") != nullptr ||
        std::getenv("LISTEN_FDNAMES") != nullptr)
      return "the environment still tells of them";
    for (const int fd : {3, 4})
      if ((::fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0 || (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
        return "not close-on-exec and non-blocking";
    return "";
  });
}

TEST(inherited_sockets, what_does_not_listen_is_an_error) {
  in_a_child([]() -> std::string {
    int pair[2];
    ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    ::dup2(pair[0], 3);
    tell(1, "web");
    const auto all = take_inherited_sockets();
    return !all && all.error().text.find("descriptor 3 ('web')") != std::string::npos ? "" : "no such error";
  });
  in_a_child([]() -> std::string {
    ::dup2(::open("/dev/null", O_RDONLY), 3);
    tell(1, "");
    return take_inherited_sockets() ? "no error" : "";
  });
}

TEST(inherited_sockets, a_count_that_is_none_is_an_error) {
  for (const char* count : {"x", "-1", "3x", "99999999999"}) {
    tell(1, "");
    ::setenv("LISTEN_FDS", count, 1);
    EXPECT_THAT(take_inherited_sockets().error().text, HasSubstr(count));
  }
}

TEST(inherited_sockets, belong_to_a_listener_by_name_or_address) {
  std::vector<inherited_socket> all{
      {3, "web", "0.0.0.0:80"}, {4, "other", "[::]:80"}, {5, "web", "[::]:443"}, {6, "", "unix:/run/x"}};
  EXPECT_THAT(take_sockets_of(all, "web", "none"), ElementsAre(3, 5));
  EXPECT_THAT(take_sockets_of(all, "", "unix:/run/x"), ElementsAre(6));
  EXPECT_THAT(take_sockets_of(all, "admin", "[::]:443"), IsEmpty());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().fd, 4);
}

} // namespace
} // namespace perron::httpd::program
