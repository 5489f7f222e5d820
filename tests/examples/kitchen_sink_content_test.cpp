// SPDX-License-Identifier: BSD-3-Clause
#include "support/temporary_folder.hpp"
#include "support/web_program.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <string>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;

TEST(kitchen_sink_content, upload_tells_names_sizes_and_sums) {
  web_program sink("kitchen_sink", {"--port", "0", "--workers", "2"});
  raw_client c = sink.client();
  const std::string body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nabc\r\n"
                           "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.txt\"\r\n"
                           "Content-Type: text/plain\r\n\r\n\r\n--x--\r\n";
  const auto told = json_of(c.ask("POST /upload HTTP/1.1\r\nHost: test\r\n"
                                  "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body));
  ASSERT_TRUE(told.is_array());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["name"], "title");
  EXPECT_EQ(told[0]["size"], 3);
  EXPECT_EQ(told[0]["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(told[1]["file"], "a.txt");
  EXPECT_EQ(told[1]["size"], 0);
  EXPECT_EQ(told[1]["sha256"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sink.expect_orderly_end();
}

TEST(kitchen_sink_content, cookies_are_counted_and_forgotten) {
  web_program sink("kitchen_sink", {"--port", "0", "--workers", "2"});
  raw_client c = sink.client();
  EXPECT_EQ(c.get("/cookies").field("Set-Cookie"), "visits=1; Path=/; HttpOnly; SameSite=Lax");
  const answer again = c.get("/cookies?forget=a", "Cookie: visits=41; a=b\r\n");
  EXPECT_EQ(json_of(again), (nlohmann::json{{"visits", "41"}, {"a", "b"}}));
  EXPECT_EQ(again.field("Set-Cookie"), "visits=42; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_THAT(again.head, HasSubstr("Set-Cookie: a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT;"));
  sink.expect_orderly_end();
}

TEST(kitchen_sink_content, has_two_files_to_try) {
  web_program sink("kitchen_sink", {"--port", "0", "--workers", "2"});
  raw_client c = sink.client();
  EXPECT_EQ(c.get("/static/hello.txt").body.size(), 1024U);
  const answer big = c.get("/static/big.bin");
  EXPECT_EQ(big.body.size(), std::size_t(1) << 20U);
  const answer part = c.get("/static/big.bin", "Range: bytes=1000-1999\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, big.body.substr(1000, 1000));
  sink.expect_orderly_end();
}

TEST(kitchen_sink_content, serves_the_folder_it_is_told) {
  const temporary_folder folder;
  std::ofstream(folder.path() / "mine.txt") << "mine";
  web_program sink("kitchen_sink", {"--port", "0", "--workers", "2", "--root", folder.path().string()});
  EXPECT_EQ(sink.client().get("/static/mine.txt").body, "mine");
  EXPECT_EQ(sink.client().get("/static/hello.txt").status, 404);
  sink.expect_orderly_end();
}

} // namespace
} // namespace perron::testing
