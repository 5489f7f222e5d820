// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/access_log/access_log.hpp>

#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace perron::httpd {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

class access_log_test : public server_fixture {
protected:
  std::vector<std::string> lines() {
    writer_->flush();
    std::ifstream in(path());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);)
      all.push_back(line);
    return all;
  }
  std::string path() const { return (folder_.path() / "access.log").string(); }
  std::shared_ptr<access_log> open(std::string_view format) {
    log_file_options o;
    o.path = path();
    return access_log::open(writer_, o, format).value();
  }

  const temporary_folder folder_;
  std::shared_ptr<log_writer> writer_ = std::make_shared<log_writer>(2);
};

TEST_F(access_log_test, a_line_for_each_request) {
  server_options options;
  options.access = open("$remote_addr \"$request\" $status $body_bytes_sent $end");
  serve(router().get("/", [](request&) { return text("hello"); }), options);
  EXPECT_EQ(client().get("/").status, 200);
  EXPECT_EQ(client().get("/none").status, 404);
  EXPECT_EQ(client().ask("GET / HTTP/1.1\r\nHo st: test\r\n\r\n").status, 400);
  stop_server();
  const auto all = lines();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all, ::testing::Contains("127.0.0.1 \"GET / HTTP/1.1\" 200 5 normal"));
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("\"GET /none HTTP/1.1\" 404 ")));
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("\"GET / HTTP/1.1\" 400 ")));
}

TEST_F(access_log_test, several_formats_share_a_file) {
  server_options options;
  options.access = open("server $request_uri");
  router own;
  own.use(tell_access(open("own $request_uri"))).get("/", [](request&) { return text("hello"); });
  serve(router().get("/", [](request&) { return text("hello"); }).mount("/own", own), options);
  EXPECT_EQ(client().get("/").status, 200);
  EXPECT_EQ(client().get("/own/").status, 200);
  stop_server();
  EXPECT_THAT(lines(), ::testing::UnorderedElementsAre("server /", "own /own/"));
}

TEST_F(access_log_test, mistakes_are_told) {
  log_file_options o;
  o.path = path();
  EXPECT_THAT(access_log::open(writer_, o, "$no").error().text, HasSubstr("$no"));
  o.path = path() + "/none";
  EXPECT_THAT(access_log::open(writer_, o).error().text, HasSubstr("access.log/none"));
}

TEST_F(access_log_test, no_line_is_lost_or_mixed_up_under_load) {
  constexpr int clients = 8;
  constexpr int each = 500;
  server_options options;
  options.access = open("$request_uri $status");
  serve(router().get("/:n", [](request& r) { return text(r.param("n")); }), options);
  std::vector<std::thread> all;
  for (int i = 0; i < clients; ++i)
    all.emplace_back([i, port = server().port] {
      raw_client c = raw_client::to(port);
      for (int k = 0; k < each; ++k)
        ASSERT_EQ(c.get('/' + std::to_string(i * each + k)).status, 200);
    });
  for (std::thread& t : all)
    t.join();
  stop_server();
  std::vector<std::string> seen = lines();
  std::vector<std::string> wanted;
  for (int n = 0; n < clients * each; ++n)
    wanted.push_back('/' + std::to_string(n) + " 200");
  std::sort(seen.begin(), seen.end());
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(seen, wanted);
}

} // namespace
} // namespace perron::httpd
