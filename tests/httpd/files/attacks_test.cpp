// SPDX-License-Identifier: BSD-3-Clause
// Requests that want a file from outside of the root. What they are made of follows what public lists of
// traversal attacks have: climbing in every spelling, times depth, times what is behind it.
#include "httpd/files/files_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view secret = "outside-of-the-root";

class attacks : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("a.txt", "inside");
    write("sub/b.txt", "inside");
    write("sub/deep/index.html", "inside");
    write(".env", secret);
    write("../secret.txt", secret);
    write("../rooted/secret.txt", secret); // beside "root", with its name as a prefix
    std::filesystem::create_symlink("../secret.txt", root() / "link.txt");
    std::filesystem::create_symlink(root().parent_path() / "secret.txt", root() / "absolute.txt");
    std::filesystem::create_symlink("..", root() / "up");
    std::filesystem::create_symlink("/", root() / "everything");
    std::filesystem::create_symlink("/proc/self", root() / "self");
  }

  /// One request; whatever comes back, nothing of it may be from outside.
  void attack(std::string_view target) {
    ++tried;
    if (!connected_) {
      client_ = client();
      connected_ = true;
    }
    const answer a = client_.get(target);
    EXPECT_EQ(a.body.find(secret), std::string::npos) << target;
    EXPECT_EQ(a.body.find("root:x:0:0"), std::string::npos) << target;
    if (a.status == 200) {
      EXPECT_TRUE(a.body == "inside" || a.body == "hello") << target << '\n' << a.body.substr(0, 200);
    }
    EXPECT_LT(a.status, 500) << target;
    EXPECT_NE(a.status, 0) << target;
    connected_ = a.status != 0 && a.field("Connection") != "close";
  }

  int tried = 0;

private:
  raw_client client_;
  bool connected_ = false;
};

const std::vector<std::string> climbs{
    "../",
    "..%2f",
    "..%2F",
    "%2e%2e/",
    "%2e%2e%2f",
    "%2E%2E%2F",
    ".%2e/",
    "%2e./",
    "..%5c",
    "..\\",
    "%2e%2e\\",
    "%2e%2e%5c",
    "..%255c",
    "..%252f",
    "%252e%252e/",
    "%252e%252e%252f",
    "%25252e%25252e%25252f",
    "..%c0%af",
    "..%c1%9c",
    "%c0%ae%c0%ae/",
    "%c0%ae%c0%ae%c0%af",
    "..%e0%80%af",
    "%e0%80%ae%e0%80%ae/",
    "..%f0%80%80%af",
    "%uff0e%uff0e%u2215",
    "..%u2215",
    "..%ef%bc%8f",
    "%ef%bc%8e%ef%bc%8e/",
    "..;/",
    "..;a=b/",
    "..%3b/",
    "..%00/",
    "..%0d/",
    "..%0a/",
    "..%09/",
    "..%20/",
    ".. /",
    "....//",
    "...//",
    ".../",
    "..../",
    "....\\/",
    "..//",
    "..///",
    "..././",
    "./../",
    ".//../",
    "%2e/%2e%2e/",
    "sub/../../",
    "sub/deep/../../../",
    "sub/%2e%2e/%2e%2e/",
    "up/",
    "everything/",
    "self/root/",
    "self/cwd/",
    "self/fd/../",
    "..%80/",
    "..%ff/",
    "..?/",
    "..#/",
    "%",
    "%2",
    "%zz",
    "..%2",
};

const std::vector<std::string> prizes{
    "secret.txt", "rooted/secret.txt", "etc/passwd", "etc/passwd%00.txt", "etc%2fpasswd",
    ".env",       "proc/self/environ", "root/.env",  "proc/self/cmdline", "secret.txt%00",
    "dev/zero",   "secret.txt/",       "dev/stdin",  "secret.txt.",       "",
};

TEST_F(attacks, climbing_reads_nothing_outside) {
  serve_files();
  for (const auto& climb : climbs)
    for (const int depth : {1, 2, 3, 8}) {
      std::string path = "/static/";
      for (int i = 0; i < depth; ++i)
        path += climb;
      for (const auto& prize : prizes)
        attack(path + prize);
    }
  EXPECT_GT(tried, 2'000);
  RecordProperty("attacks", tried);
}

TEST_F(attacks, begins_and_ends_of_paths_read_nothing_outside) {
  write("../root/shown/a.txt", "inside");
  httpd::router r;
  r.get("/*path",
        httpd::static_files({.root = root().string(), .try_files = {"{path}.html"}, .precompressed = true}));
  serve(std::move(r));
  for (const char* front : {"/",
                            "//",
                            "///",
                            "/./",
                            "/\\",
                            "\\",
                            "",
                            "/%2f",
                            "/%5c",
                            "file:///",
                            "file:",
                            "/c:/",
                            "/c:\\",
                            "http://test/",
                            "http://test//",
                            "http://test/../",
                            "/~/",
                            "/~root/",
                            "/%00/",
                            "/?/",
                            "/#/",
                            "*",
                            "test",
                            "/a.txt/",
                            "/a.txt/../",
                            "/sub/b.txt/../../../",
                            "/link.txt/../"})
    for (const char* prize : {"etc/passwd",
                              "../secret.txt",
                              "%2e%2e/secret.txt",
                              "link.txt",
                              "absolute.txt",
                              "link.txt/",
                              "link.txt%00",
                              "up/secret.txt",
                              "everything/etc/passwd",
                              "self/environ",
                              "self/root/etc/passwd",
                              "self/fd/0",
                              "self/exe",
                              ".env",
                              "%2eenv",
                              "sub/../.env",
                              "sub/%2e%2e/.env",
                              "a.txt%00.html",
                              "LINK.TXT",
                              "link",
                              "..",
                              "%2e%2e"})
      attack(std::string(front) + prize);
}

TEST_F(attacks, every_byte_before_and_behind_the_dots) {
  serve_files();
  for (int byte = 0; byte < 256; ++byte) {
    std::array<char, 4> escape{};
    std::snprintf(escape.data(), escape.size(), "%%%02x", static_cast<unsigned>(byte));
    const std::string e = escape.data();
    attack("/static/" + e + "../secret.txt");
    attack("/static/.." + e + "secret.txt");
    attack("/static/.." + e + "/secret.txt");
    attack("/static/." + e + "./secret.txt");
    attack("/static/sub" + e + ".." + e + ".." + e + "secret.txt");
    if (byte > ' ' && byte != 0x7f)
      attack(std::string("/static/..") + static_cast<char>(byte) + "secret.txt");
  }
}

TEST_F(attacks, links_out_are_not_followed_by_names_either) {
  for (const bool follow : {false, true})
    for (const std::size_t entries : {std::size_t(0), std::size_t(64)}) {
      serve_files({.follow_links = follow, .cache = {.entries = entries, .fresh = 1h}});
      for (const char* path :
           {"link.txt", "absolute.txt", "up/secret.txt", "up/root/a.txt", "everything/etc/passwd",
            "self/environ", "self/cwd/CMakeCache.txt", "up/", "everything/", "up", "self"})
        EXPECT_EQ(get(path).status, 404) << path;
    }
}

TEST_F(attacks, what_is_no_file_is_neither_waited_for_nor_sent) {
  ASSERT_EQ(::mkfifo((root() / "fifo").c_str(), 0600), 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const std::string name = (root() / "socket").string();
  ASSERT_LT(name.size(), sizeof where.sun_path);
  name.copy(where.sun_path, sizeof where.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  static_cast<void>(::mknod((root() / "zero").c_str(), S_IFCHR | 0600, makedev(1, 5))); // only root may
  serve_files({.listing = httpd::file_listing::html});
  for (const char* path : {"fifo", "fifo/", "socket", "zero"})
    EXPECT_EQ(get(path).status, 404) << path;
  for (const char* hidden : {"fifo", "socket", "zero"})
    EXPECT_EQ(get("").body.find(hidden), std::string::npos) << hidden;
  ::close(listener);
}

TEST_F(attacks, folder_that_is_exchanged_for_a_link_out_is_never_followed) {
  write("swap/secret.txt", "inside");
  std::filesystem::create_symlink("..", root() / "other");
  for (const std::size_t entries : {std::size_t(0), std::size_t(64)}) {
    serve_files({.cache = {.entries = entries, .fresh = 0ms}});
    std::atomic<bool> goes_on = true;
    std::thread renamer([&] {
      while (goes_on)
        ::renameat2(AT_FDCWD, (root() / "swap").c_str(), AT_FDCWD, (root() / "other").c_str(),
                    RENAME_EXCHANGE);
    });
    for (int i = 0; i < 500; ++i)
      attack("/static/swap/secret.txt");
    goes_on = false;
    renamer.join();
  }
}

TEST_F(attacks, folder_that_is_moved_out_takes_nothing_along) {
  write("moving/deep/secret.txt", "inside");
  std::filesystem::create_directories(root() / "../away");
  serve_files();
  std::atomic<bool> goes_on = true;
  std::thread renamer([&] {
    while (goes_on) {
      ::rename((root() / "moving/deep").c_str(), (root() / "../away/deep").c_str());
      ::rename((root() / "../away/deep").c_str(), (root() / "moving/deep").c_str());
    }
  });
  for (int i = 0; i < 300; ++i) {
    attack("/static/moving/deep/../../secret.txt");
    attack("/static/moving/deep/secret.txt");
    attack("/static/moving/deep/%2e%2e/%2e%2e/secret.txt");
  }
  goes_on = false;
  renamer.join();
}

} // namespace
} // namespace perron::testing
