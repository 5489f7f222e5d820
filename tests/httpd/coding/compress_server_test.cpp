// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/coding/compress.hpp>

#include "httpd/coding/decoding.hpp"
#include "httpd/server_fixture.hpp"

#include <perron/httpd/static_files.hpp>
#include <perron/httpd/test_client.hpp>
#include <perron/runtime/blocking.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace perron::testing {
namespace {

using namespace httpd;

class compress_server : public server_fixture {
protected:
  void serve_compressed(handler h) {
    router r;
    r.use(compress());
    r.any("/*path", std::move(h));
    serve(std::move(r));
  }
};

/// The content of a chunked body.
std::string unchunked(std::string_view body) {
  std::string out;
  for (;;) {
    const std::size_t size = std::strtoul(std::string(body).c_str(), nullptr, 16);
    body.remove_prefix(body.find("\r\n") + 2);
    if (size == 0)
      return out;
    out.append(body.substr(0, size));
    body.remove_prefix(size + 2);
  }
}

TEST_F(compress_server, rfc9110_9_3_2_head_says_what_get_says) {
  const std::string page = page_of(10'000);
  serve_compressed([page](request&) { return html(page); });
  raw_client c = client();
  const answer got = c.get("/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(got.field("Content-Encoding"), "gzip");
  EXPECT_EQ(decode_gzip(got.body).text, page);
  const answer head = c.ask("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", true);
  EXPECT_EQ(head.field("Content-Encoding"), "gzip");
  EXPECT_EQ(head.field("Content-Length"), got.field("Content-Length"));
  EXPECT_EQ(c.get("/").body, page) << "the connection goes on";
}

TEST_F(compress_server, files_are_compressed_on_their_way) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("perron_compress_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string page = page_of(300'000);
  std::ofstream(folder / "a.html", std::ios::binary) << page;
  serve_compressed(static_files({.root = folder.string()}));
  raw_client c = client();
  const std::string ask = "/a.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
  ASSERT_TRUE(c.send("GET " + ask));
  const std::string head = c.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos) << head;
  EXPECT_NE(head.find("ETag: W/\""), std::string::npos) << head;
  const decoded back = decode_gzip(unchunked(c.read_until("\r\n0\r\n\r\n")));
  EXPECT_TRUE(back.whole);
  EXPECT_EQ(back.text, page);
  ASSERT_TRUE(c.send("HEAD " + ask));
  const std::string bare = c.read_until("\r\n\r\n");
  EXPECT_NE(bare.find("Content-Encoding: gzip"), std::string::npos);
  EXPECT_EQ(bare.find("Content-Length"), std::string::npos);
  EXPECT_EQ(c.get("/a.html", "Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n").body, page.substr(0, 10));
  std::filesystem::remove_all(folder);
}

TEST_F(compress_server, what_is_written_arrives_at_once) {
  event& seen = new_event();
  serve_compressed([&seen](request& r) {
    auto out = r.begin({.content_type = "text/event-stream"});
    out.write("data: first\n\n");
    runtime::blocking([&seen] { seen.await("the first event"); });
    out.write("data: second\n\n");
    return out.end();
  });
  raw_client c = client();
  // HTTP/1.0, so that nothing stands between the bytes
  ASSERT_TRUE(c.send("GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n"));
  EXPECT_NE(c.read_until("\r\n\r\n").find("Content-Encoding: gzip"), std::string::npos);
  const std::string flush_mark("\0\0\xff\xff", 4);
  std::string coded = c.read_until(flush_mark);
  EXPECT_EQ(decode_gzip(coded).text, "data: first\n\n");
  seen.happen();
  coded += c.read_to_end();
  const decoded all = decode_gzip(coded);
  EXPECT_EQ(all.text, "data: first\n\ndata: second\n\n");
  EXPECT_TRUE(all.whole);
}

/// On one worker, so that others run only if the one that compresses gives way.
using compress_turns = one_worker_fixture;

TEST_F(compress_turns, others_run_while_a_long_body_is_compressed) {
  run([] {
    auto ran = std::make_shared<bool>(false);
    router r;
    r.use(compress());
    r.get("/", [ran](request&) {
      response answer = html(page_of(200'000));
      runtime::spawn([ran] { *ran = true; });
      return answer;
    });
    const auto a = test_client(std::move(r)).get("/", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(decode_gzip(a.body).text.size(), 200'000U);
    EXPECT_TRUE(*ran);
  });
}

/// Each on a stack as servers have it.
TEST_F(compress_server, every_coding_and_level_fits_on_a_stack) {
  const std::string page = page_of(300'000);
  for (const char* coding : {"gzip", "br", "zstd"}) {
    for (const bool high : {false, true}) {
      runtime::node small({.workers = 1});
      EXPECT_EQ(small.run([&] {
        router r;
        r.use(compress(
            {.gzip_level = high ? 9 : 1, .brotli_quality = high ? 11 : 5, .zstd_level = high ? 19 : 1}));
        r.get("/", [&](request&) { return html(page); });
        const auto a = test_client(std::move(r)).get("/", {{"Accept-Encoding", coding}});
        EXPECT_EQ(decode(coding, a.body).text.size(), page.size());
      }),
                runtime::exit_reason::normal());
    }
  }
}

} // namespace
} // namespace perron::testing
