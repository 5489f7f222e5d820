// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/listening.hpp>

#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <perron/supervisors/request_supervisor.hpp>

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;
using ::testing::StartsWith;

server_options at_any_port(const char* host = "127.0.0.1") {
  server_options options;
  options.host = host;
  options.port = 0;
  return options;
}

TEST(listening_test, listens_on_ipv4_and_ipv6) {
  for (const char* host : {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
    const auto opened = listening_sockets::open(at_any_port(host), 1);
    if (!opened && opened.error().code == EADDRNOTAVAIL)
      continue; // a machine without IPv6
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->size(), 1U);
    EXPECT_NE(opened->port(), 0);
  }
}

TEST(listening_test, several_sockets_share_a_port_but_the_first_must_find_it_free) {
  server_options options = at_any_port();
  auto first = listening_sockets::open(options, 3).value();
  EXPECT_EQ(first.size(), 3U);
  options.port = first.port();
  const auto second = listening_sockets::open(options, 3);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_THAT(second.error().text, HasSubstr("127.0.0.1:" + std::to_string(options.port)));
  first.close();
  EXPECT_TRUE(listening_sockets::open(options, 3));
}

TEST(listening_test, the_port_is_free_even_while_copies_are_open) {
  server_options options = at_any_port();
  auto first = listening_sockets::open(options, 1).value();
  const int copy = first.copy_for(5);
  ASSERT_GE(copy, 0);
  options.port = first.port();
  first.close();
  EXPECT_TRUE(listening_sockets::open(options, 1));
  ::close(copy);
}

TEST(listening_test, says_what_is_wrong_with_a_host) {
  const auto opened = listening_sockets::open(at_any_port("localhost"), 1);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, StartsWith("listen on 'localhost': not a numeric IPv4 or IPv6 address"));
}

class unix_listening_test : public ::testing::Test {
protected:
  server_options options(const std::string& where) const {
    server_options out;
    out.host = "unix:" + where;
    return out;
  }

  temporary_folder folder;
  const std::string path = (folder.path() / "a.sock").string();
};

TEST_F(unix_listening_test, makes_the_file_with_its_mode_and_removes_it) {
  server_options wanted = options(path);
  wanted.unix_mode = 0600;
  wanted.unix_uid = ::getuid();
  wanted.unix_gid = ::getgid();
  auto opened = listening_sockets::open(wanted, 4).value();
  EXPECT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened.port(), 0);
  struct ::stat made {};
  ASSERT_EQ(::stat(path.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode, static_cast<unsigned>(S_IFSOCK | 0600));
  raw_client::to(std::filesystem::path(path));
  opened.close();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(unix_listening_test, takes_the_place_of_a_stale_file_but_not_of_a_server_nor_of_another_file) {
  {
    auto first = listening_sockets::open(options(path), 1).value();
    const auto second = listening_sockets::open(options(path), 1);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
    EXPECT_THAT(second.error().text, HasSubstr("unix:" + path));
    // as after a crash: the socket is gone, its file is there
    std::filesystem::rename(path, path + ".kept");
    first.close();
    std::filesystem::rename(path + ".kept", path);
  }
  auto third = listening_sockets::open(options(path), 1);
  ASSERT_TRUE(third) << third.error().text;
  third->close();
  std::ofstream(path) << "data";
  const auto fourth = listening_sockets::open(options(path), 1);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, EADDRINUSE);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(unix_listening_test, leaves_the_file_of_who_has_taken_the_place) {
  auto first = listening_sockets::open(options(path), 1).value();
  std::filesystem::remove(path);
  auto second = listening_sockets::open(options(path), 1).value();
  first.close();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(unix_listening_test, says_what_is_wrong_with_a_path) {
  for (const std::string& bad : {std::string("a.sock"), '/' + std::string(107, 'a'), std::string()}) {
    const auto opened = listening_sockets::open(options(bad), 1);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().code, EINVAL);
    EXPECT_THAT(opened.error().text, HasSubstr("107 bytes"));
  }
  const auto nowhere = listening_sockets::open(options("/nowhere/at/all.sock"), 1);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ENOENT);
}

TEST_F(unix_listening_test, inherits_listening_sockets_and_leaves_them_open) {
  auto original = listening_sockets::open(options(path), 1).value();
  server_options heir = options(path);
  heir.inherited = original.all();
  {
    const auto copies = listening_sockets::inherit(heir, 2);
    ASSERT_TRUE(copies) << copies.error().text;
    EXPECT_EQ(copies->size(), 1U);
  }
  raw_client::to(std::filesystem::path(path));

  const raw_client other;
  heir.inherited = {other.descriptor()};
  EXPECT_THAT(listening_sockets::inherit(heir, 2).error().text, HasSubstr("no listening stream socket"));
  heir.inherited = {-1};
  EXPECT_FALSE(listening_sockets::inherit(heir, 2));
  heir.inherited = {0, 1, 2};
  EXPECT_THAT(listening_sockets::inherit(heir, 2).error().text, HasSubstr("3 sockets for 2 workers"));
}

class served_listening_test : public server_fixture {
protected:
  temporary_folder folder_;
};

TEST_F(served_listening_test, serves_a_unix_socket_and_knows_its_peer) {
  server_options options;
  const auto path = folder_.path() / "web.sock";
  options.host = "unix:" + path.string();
  serve(router().get("/",
                     [](request& r) {
                       const auto who = r.unix_peer();
                       return text(
                           r.peer() + '|' +
                           (who ? std::to_string(who->uid) + ' ' + std::to_string(who->pid) : "nobody"));
                     }),
        options);
  EXPECT_EQ(server().port, 0);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(raw_client::to(path).get("/").body,
              '|' + std::to_string(::getuid()) + ' ' + std::to_string(::getpid()));
  run([&] {
    EXPECT_TRUE(supervisors::suspend_accepting(server().who));
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(supervisors::resume_accepting(server().who));
  });
  EXPECT_EQ(raw_client::to(path).get("/").status, 200);
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(served_listening_test, a_tcp_peer_is_no_unix_peer) {
  serve(router().get("/", [](request& r) { return text(r.unix_peer() ? "one" : "none"); }));
  EXPECT_EQ(client().get("/").body, "none");
}

TEST_F(served_listening_test, servers_share_inherited_sockets_and_clients_wait_while_there_is_none) {
  auto sockets = listening_sockets::open(at_any_port(), 2).value();
  const std::uint16_t port = sockets.port();
  server_options options;
  options.inherited = sockets.all();
  const auto saying = [](const char* what) {
    return router().get("/", [what](request&) { return text(what); });
  };
  served& one = serve(saying("one"), options);
  EXPECT_EQ(one.port, port);
  EXPECT_EQ(client_at(port).get("/").body, "one");
  served& two = serve(saying("two"), options);
  stop_server(one);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client_at(port).get("/").body, "two");
  stop_server(two);
  raw_client waiting = client_at(port);
  ASSERT_TRUE(waiting.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  serve(saying("three"), options);
  EXPECT_EQ(waiting.read().body, "three");
}

} // namespace
} // namespace perron::httpd::core
