// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/static_files.hpp>

#include "httpd/files/files_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;

class static_files : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("hello.txt", "0123456789");
    write("sub/index.html", "<p>index");
    write("sub/big.bin", big());
    write("empty", "");
    write(".hidden", "secret");
    write("../outside.txt", "secret");
    serve_files({.cache_control = "max-age=60", .cache = {.fresh = 0ms}});
  }

  static std::string big() { return numbers(1'000'000); }
};

TEST_F(static_files, file_is_sent_with_its_validators) {
  const answer a = get("hello.txt");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "0123456789");
  EXPECT_EQ(a.field("Content-Length"), "10");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(a.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(a.field("Cache-Control"), "max-age=60");
  EXPECT_TRUE(a.field("ETag").starts_with('"')) << a.field("ETag");
  EXPECT_TRUE(a.field("Last-Modified").ends_with(" GMT"));
}

TEST_F(static_files, large_and_empty_files_are_whole) {
  EXPECT_EQ(get("sub/big.bin").body, big());
  const answer empty = get("empty");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.field("Content-Length"), "0");
  EXPECT_EQ(empty.field("Content-Type"), "application/octet-stream");
}

TEST_F(static_files, the_first_answer_with_a_file_has_its_head_in_one_segment_with_it) {
  constexpr std::size_t size = 100'000; // more than is kept in memory
  raw_client c = client();
  const auto segments = [&](const std::string& name) {
    const std::uint32_t before = c.segments_received();
    EXPECT_EQ(c.get("/static/" + name).body.size(), size);
    return c.segments_received() - before;
  };
  // several times, as the kernel may join or part them for reasons of its own
  std::uint32_t least_of_first = 100;
  std::uint32_t most_of_second = 0;
  for (int i = 0; i < 20 && (least_of_first > 2 || most_of_second < 3); ++i) {
    const std::string name = std::to_string(i) + ".bin";
    write(name, numbers(size));
    least_of_first = std::min(least_of_first, segments(name));
    most_of_second = std::max(most_of_second, segments(name));
  }
  EXPECT_EQ(least_of_first, 2U);
  EXPECT_GT(most_of_second, 2U);
}

TEST_F(static_files, connection_goes_on) {
  raw_client c = client();
  EXPECT_EQ(c.get("/static/sub/big.bin").body.size(), big().size());
  EXPECT_EQ(c.get("/static/hello.txt").body, "0123456789");
  EXPECT_EQ(c.get("/static/none").status, 404);
  EXPECT_EQ(c.get("/static/hello.txt").status, 200);
}

TEST_F(static_files, head_is_that_of_get) {
  raw_client c = client();
  const answer get = c.get("/static/sub/big.bin");
  const answer head = c.ask("HEAD /static/sub/big.bin HTTP/1.1\r\nHost: test\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), std::to_string(big().size()));
  EXPECT_EQ(head.field("ETag"), get.field("ETag"));
}

TEST_F(static_files, folder_has_its_index) {
  EXPECT_EQ(get("sub/").body, "<p>index");
  EXPECT_EQ(get("sub/").field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("").status, 404);
}

TEST_F(static_files, nothing_outside_is_sent) {
  for (const std::string_view path :
       {"../outside.txt", "%2e%2e/outside.txt", "..%2foutside.txt", "%2e%2e%2foutside.txt",
        "sub/../../outside.txt", "sub%2fbig.bin", "/etc/passwd", "%2fetc/passwd", "sub//big.bin", ".hidden",
        "%2ehidden", "hello.txt/", "none", "hello.txt%00", "hello.txt/x", "c:\\x", "..\\outside.txt"})
    EXPECT_NE(get(path).status, 200) << path;
}

TEST_F(static_files, links_are_followed_inside_only) {
  std::filesystem::create_symlink("hello.txt", root() / "inside.txt");
  std::filesystem::create_symlink("../outside.txt", root() / "out.txt");
  std::filesystem::create_symlink("/etc", root() / "etc");
  std::filesystem::create_symlink("loop", root() / "loop");
  EXPECT_EQ(get("inside.txt").body, "0123456789");
  EXPECT_EQ(get("out.txt").status, 404);
  EXPECT_EQ(get("etc/passwd").status, 404);
  EXPECT_EQ(get("loop").status, 404);
}

TEST_F(static_files, only_regular_files_are_sent) {
  ASSERT_EQ(::mkfifo((root() / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(get("fifo").status, 404);
}

TEST_F(static_files, client_that_has_it_is_told_so) {
  const answer first = get("hello.txt");
  const answer same = get("hello.txt", "If-None-Match: " + first.field("ETag") + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.field("ETag"), first.field("ETag"));
  EXPECT_EQ(same.field("Cache-Control"), "max-age=60");
  EXPECT_EQ(get("hello.txt", "If-Modified-Since: " + first.field("Last-Modified") + "\r\n").status, 304);
  EXPECT_EQ(get("hello.txt", "If-None-Match: \"other\"\r\n").status, 200);
  EXPECT_EQ(get("hello.txt", "If-Match: \"other\"\r\n").status, 412);
  write("hello.txt", "9876543210x");
  EXPECT_EQ(get("hello.txt", "If-None-Match: " + first.field("ETag") + "\r\n").status, 200);
}

TEST_F(static_files, range_is_sent_as_a_part) {
  const answer a = get("hello.txt", "Range: bytes=2-4\r\n");
  EXPECT_EQ(a.status, 206);
  EXPECT_EQ(a.body, "234");
  EXPECT_EQ(a.field("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(get("sub/big.bin", "Range: bytes=500000-\r\n").body, big().substr(500'000));
  EXPECT_EQ(get("hello.txt", "Range: bytes=-3\r\n").body, "789");
}

TEST_F(static_files, range_behind_the_end_is_416) {
  const answer a = get("hello.txt", "Range: bytes=10-\r\n");
  EXPECT_EQ(a.status, 416);
  EXPECT_EQ(a.field("Content-Range"), "bytes */10");
}

TEST_F(static_files, range_of_another_state_is_the_whole) {
  const answer first = get("hello.txt");
  EXPECT_EQ(get("hello.txt", "Range: bytes=0-1\r\nIf-Range: " + first.field("ETag") + "\r\n").status, 206);
  EXPECT_EQ(get("hello.txt", "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n").status, 200);
}

TEST_F(static_files, file_just_written_has_a_weak_tag) {
  write("new.txt", "1", -1h); // a change that may not be the last one of its second
  EXPECT_TRUE(get("new.txt").field("ETag").starts_with("W/"));
}

TEST(static_files_of_nothing, handler_needs_a_folder) {
  EXPECT_THROW(httpd::static_files({.root = "/nowhere/at/all"}), std::system_error);
}

TEST(content_type_of, is_told_by_the_extension) {
  EXPECT_EQ(httpd::content_type_of("a/b.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(httpd::content_type_of("x.tar.gz"), "application/gzip");
  EXPECT_EQ(httpd::content_type_of("html"), "application/octet-stream");
  EXPECT_EQ(httpd::content_type_of("x."), "application/octet-stream");
  EXPECT_EQ(httpd::content_type_of(""), "application/octet-stream");
}

} // namespace
} // namespace perron::testing
