// SPDX-License-Identifier: BSD-3-Clause
// The program as a whole: it starts, serves and stops.
#include "httpd/program/run_fixture.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class run_test : public run_fixture {};

constexpr const char* listener = "[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n";

TEST_F(run_test, serves_files_and_stops_in_order) {
  write("www/index.html", "<p>front</p>");
  write("www/a/b.txt", "b");
  configure(std::string(listener) + "[[site]]\nroot = \"www\"\n");
  start();
  EXPECT_EQ(get("/").body, "<p>front</p>");
  EXPECT_EQ(get("/a/b.txt").body, "b");
  EXPECT_EQ(get("/").field("Server"), "perron");
  EXPECT_EQ(get("/none").status, 404);
  EXPECT_EQ(get("/../perron.toml").status, 404);
  const answer posted = client().post("/a/b.txt", "x");
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(posted.field("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(stop(), 0) << running().logged();
  EXPECT_FALSE(std::filesystem::exists(control()));
}

TEST_F(run_test, sites_are_chosen_by_name) {
  write("one/index.html", "one");
  write("two/index.html", "two");
  configure(std::string(listener) +
            "[[site]]\nnames = [\"one.example\", \"www.one.example\"]\nroot = \"one\"\n"
            "[[site]]\nnames = [\"*.two.example\"]\nroot = \"two\"\n");
  start();
  EXPECT_EQ(get("/", "one.example").body, "one");
  EXPECT_EQ(get("/", "WWW.one.example:80").body, "one");
  EXPECT_EQ(get("/", "a.two.example").body, "two");
  EXPECT_EQ(get("/", "two.example").body, "one") << "the first site is the default";
  EXPECT_EQ(stop(), 0);
}

TEST_F(run_test, a_module_answers_below_its_location) {
  write("www/index.html", "front");
  configure(std::string(listener) + "[[site]]\nroot = \"www\"\n"
                                    "[[site.location]]\npath = \"/visits\"\nmodule = \"" PERRON_BIN_DIR
                                    "/modules/visits.so\"\n"
                                    "module_options = { greeting = \"good day\" }\n");
  start();
  EXPECT_EQ(get("/").body, "front");
  EXPECT_THAT(get("/visits/").body, HasSubstr("good day"));
  EXPECT_EQ(get("/visits/none").status, 404);
  EXPECT_EQ(get("/visits/crash").status, 500);
  EXPECT_THAT(get("/visits/").body, HasSubstr("2")) << "a crash is one request's";
  EXPECT_EQ(stop(), 0) << running().logged();
}

TEST_F(run_test, the_location_with_the_longest_path_answers) {
  write("www/index.html", "front");
  write("www/docs/a.txt", "docs");
  write("www/docs/api/a.txt", "api");
  write("elsewhere/a.txt", "elsewhere");
  configure(std::string(listener) +
            "[[site]]\nroot = \"www\"\n"
            "[[site.location]]\npath = \"/docs\"\ncache_control = \"no-store\"\n"
            "[[site.location]]\npath = \"/docs/api\"\nreturn = 410\nbody = \"gone\\n\"\n"
            "[[site.location]]\npath = \"/other\"\nalias = \"elsewhere\"\n"
            "[[site.location]]\npath = \"/old\"\nredirect = \"/docs/a.txt\"\n"
            "[[site.location]]\npath = \"/secret\"\nreturn = 403\n");
  start();
  EXPECT_EQ(get("/").body, "front");
  EXPECT_EQ(get("/").field("Cache-Control"), "");
  EXPECT_EQ(get("/docs/a.txt").body, "docs");
  EXPECT_EQ(get("/docs/a.txt").field("Cache-Control"), "no-store");
  EXPECT_EQ(get("/docs/api/a.txt").status, 410);
  EXPECT_EQ(get("/docs/api").body, "gone\n");
  EXPECT_EQ(get("/docs/apis").status, 404);
  EXPECT_EQ(get("/other/a.txt").body, "elsewhere");
  const answer old = get("/old");
  EXPECT_EQ(old.status, 302);
  EXPECT_EQ(old.field("Location"), "/docs/a.txt");
  EXPECT_EQ(get("/secret/x").status, 403);
  EXPECT_EQ(stop(), 0);
}

TEST_F(run_test, rules_stand_around_what_answers) {
  write("www/index.html", "front");
  write("404.html", "<p>{{path}} is not here</p>");
  configure(std::string(listener) +
            "[[site]]\nroot = \"www\"\nerror_pages = { 404 = \"404.html\" }\n"
            "headers = { set = { X-Test = \"yes\" } }\n"
            "redirects = [{ from = \"/blog/*rest\", to = \"https://blog.example/{rest}\", status = 301 }]\n"
            "rewrites = [{ from = \"/home\", to = \"/index.html\" }]\n"
            "[[site.location]]\npath = \"/closed\"\ndeny = [\"127.0.0.1\"]\n");
  start();
  EXPECT_EQ(get("/").field("X-Test"), "yes");
  EXPECT_EQ(get("/blog/a/b").field("Location"), "https://blog.example/a/b");
  EXPECT_EQ(get("/home").body, "front");
  EXPECT_EQ(get("/closed/a").status, 403);
  EXPECT_EQ(get("/closed/a").field("X-Test"), "yes");
  const answer page = client().ask("GET /none HTTP/1.1\r\nHost: test\r\nAccept: text/html\r\n\r\n");
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.body, "<p>/none is not here</p>");
  EXPECT_EQ(stop(), 0);
}

TEST_F(run_test, a_second_program_at_the_same_address_says_why_it_cannot_start) {
  write("www/index.html", "front");
  configure(std::string(listener) + "[[site]]\nroot = \"www\"\n");
  start();
  write("second.toml", "[server]\ncontrol = \"\"\n[[listener]]\nlisten = \"127.0.0.1:" +
                           std::to_string(port()) + "\"\n[[site]]\nroot = \"www\"\n");
  program second(PERRON_BIN_DIR "/perron", {"run", path("second.toml").string()});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.logged(), HasSubstr("second.toml:"));
  EXPECT_THAT(second.logged(), HasSubstr("Address already in use"));
  EXPECT_EQ(stop(), 0);
}

TEST_F(run_test, keeps_a_pid_file_and_refuses_to_run_twice) {
  write("www/index.html", "front");
  write("perron.toml", "[server]\ncontrol = \"\"\npid_file = \"perron.pid\"\n" + std::string(listener) +
                           "[[site]]\nroot = \"www\"\n");
  start();
  std::ifstream file(path("perron.pid"));
  int pid = 0;
  file >> pid;
  EXPECT_GT(pid, 0);
  EXPECT_EQ(::kill(pid, 0), 0);
  program second(PERRON_BIN_DIR "/perron", {"run", path("perron.toml").string()});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.logged(), HasSubstr("process " + std::to_string(pid) + " holds it"));
  EXPECT_EQ(stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(path("perron.pid")));
}

TEST_F(run_test, listens_on_a_unix_socket) {
  write("www/index.html", "front");
  configure("[[listener]]\nlisten = [\"127.0.0.1:0\", \"unix:" + path("web.sock").string() +
            "\"]\n[[site]]\nroot = \"www\"\n");
  start(2);
  EXPECT_EQ(raw_client::to(path("web.sock")).get("/").body, "front");
  EXPECT_EQ(stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(path("web.sock")));
}

TEST_F(run_test, a_second_signal_ends_it_at_once) {
  write("www/index.html", "front");
  configure("[[listener]]\nlisten = \"127.0.0.1:0\"\n[[site]]\nroot = \"www\"\n");
  start();
  // a request that does not come to its end: its body is awaited for the whole drain time
  raw_client slow = client();
  ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n"));
  running().signal(SIGINT);
  running().signal(SIGINT);
  const int code = running().wait();
  EXPECT_TRUE(code == 0 || code == 128 + SIGINT) << code; // 0: the first was over before the second came
}

} // namespace
} // namespace perron::testing
