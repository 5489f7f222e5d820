// SPDX-License-Identifier: BSD-3-Clause
// RFC 9110 8.4, 12.5.3 and 12.5.5 as they hold for files that were compressed beforehand.
#include "httpd/files/files_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

namespace perron::testing {
namespace {

using namespace std::chrono_literals;

class precompressed : public files_fixture {
protected:
  void SetUp() override {
    files_fixture::SetUp();
    write("app.js", numbers(1000));
    write("app.js.br", "br");
    write("app.js.gz", "gzip");
    write("app.js.zst", "zst");
    write("plain.js", "plain");
    write("index.html", numbers(500));
    write("index.html.gz", "index");
    serve_files({.precompressed = true, .cache_control = "no-cache", .cache = {.fresh = 0ms}});
  }

  answer ask(const std::string& accept, const std::string& more = "") {
    return get("app.js", "Accept-Encoding: " + accept + "\r\n" + more);
  }
};

TEST_F(precompressed, best_liked_coding_is_sent) {
  const answer br = ask("gzip, br");
  EXPECT_EQ(br.body, "br");
  EXPECT_EQ(br.field("Content-Encoding"), "br");
  EXPECT_EQ(br.field("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(br.field("Cache-Control"), "no-cache");
  EXPECT_EQ(ask("gzip").body, "gzip");
  EXPECT_EQ(ask("zstd").field("Content-Encoding"), "zstd");
  EXPECT_EQ(ask("br;q=0.1, gzip;q=0.9").body, "gzip");
  EXPECT_EQ(ask("br;q=0, *").body, "zst"); // the smaller one
  EXPECT_EQ(get("", "Accept-Encoding: gzip\r\n").body, "index");
  EXPECT_EQ(get("", "Accept-Encoding: gzip\r\n").field("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(precompressed, who_takes_none_gets_the_plain_file) {
  for (const char* accept : {"identity", "deflate", "", "br;q=0,gzip;q=0", "identity, gzip;q=0.5"}) {
    const answer a = ask(accept);
    EXPECT_EQ(a.body, numbers(1000)) << accept;
    EXPECT_FALSE(a.has("Content-Encoding"));
  }
  EXPECT_EQ(get("app.js").body, numbers(1000));
  EXPECT_EQ(ask("identity;q=0, compress").status, 406);
  EXPECT_EQ(ask("identity;q=0, gzip").body, "gzip");
}

TEST_F(precompressed, caches_are_told_what_it_depends_on) {
  EXPECT_EQ(ask("br").field("Vary"), "Accept-Encoding");
  EXPECT_EQ(get("app.js").field("Vary"), "Accept-Encoding");
  EXPECT_FALSE(get("plain.js", "Accept-Encoding: br\r\n").has("Vary"));
  const answer same = ask("br", "If-None-Match: " + ask("br").field("ETag") + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.field("Vary"), "Accept-Encoding");
}

TEST_F(precompressed, each_form_has_a_tag_of_its_own) {
  std::set<std::string> tags;
  for (const char* accept : {"br", "gzip", "zstd", "identity"})
    tags.insert(ask(accept).field("ETag"));
  EXPECT_EQ(tags.size(), 4U);
  EXPECT_EQ(ask("gzip", "If-None-Match: " + ask("br").field("ETag") + "\r\n").status, 200);
}

TEST_F(precompressed, head_is_that_of_get) {
  const answer a = head("app.js", "Accept-Encoding: br\r\n");
  EXPECT_EQ(a.field("Content-Length"), "2");
  EXPECT_EQ(a.field("Content-Encoding"), "br");
}

TEST_F(precompressed, range_is_one_of_the_plain_file) {
  const answer a = ask("br", "Range: bytes=0-9\r\n");
  EXPECT_EQ(a.status, 206);
  EXPECT_EQ(a.body, numbers(1000).substr(0, 10));
  EXPECT_FALSE(a.has("Content-Encoding"));
  EXPECT_EQ(a.field("Vary"), "Accept-Encoding");
  EXPECT_FALSE(ask("br").has("Accept-Ranges"));
  const answer other_form = ask("br", "Range: bytes=0-9\r\nIf-Range: " + ask("br").field("ETag") + "\r\n");
  EXPECT_EQ(other_form.status, 200);
  EXPECT_EQ(other_form.body, numbers(1000));
}

TEST_F(precompressed, older_larger_and_hidden_forms_are_not_sent) {
  write("app.js.br", "old", 2h);
  EXPECT_EQ(ask("br, gzip;q=0.5").body, "gzip");
  write("app.js.gz", numbers(2000));
  EXPECT_EQ(ask("br, gzip;q=0.5").body, numbers(1000));
  std::filesystem::remove(root() / "app.js.zst");
  std::filesystem::create_symlink("/etc/passwd", root() / "app.js.zst");
  EXPECT_EQ(ask("zstd").body, numbers(1000));
  EXPECT_FALSE(ask("zstd").has("Vary"));
}

TEST_F(precompressed, form_that_comes_or_goes_is_seen) {
  EXPECT_EQ(get("plain.js", "Accept-Encoding: gzip\r\n").body, "plain");
  write("plain.js.gz", "gz");
  EXPECT_EQ(get("plain.js", "Accept-Encoding: gzip\r\n").body, "gz");
  write("plain.js.gz", "new");
  EXPECT_EQ(get("plain.js", "Accept-Encoding: gzip\r\n").body, "new");
  std::filesystem::remove(root() / "plain.js.gz");
  EXPECT_EQ(get("plain.js", "Accept-Encoding: gzip\r\n").body, "plain");
}

TEST_F(precompressed, plain_file_must_be_there) {
  write("only.js.gz", "gz");
  EXPECT_EQ(get("only.js", "Accept-Encoding: gzip\r\n").status, 404);
}

TEST_F(precompressed, off_unless_wanted) {
  serve_files();
  EXPECT_EQ(ask("br").body, numbers(1000));
  EXPECT_FALSE(ask("br").has("Vary"));
}

} // namespace
} // namespace perron::testing
