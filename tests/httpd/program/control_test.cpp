// SPDX-License-Identifier: BSD-3-Clause
// The control socket, and the commands that speak to it.
#include "httpd/program/run_fixture.hpp"

#include <perron/httpd/program/control_text.hpp>

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace perron::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class control_test : public run_fixture {
protected:
  void SetUp() override {
    write("www/index.html", "front");
    configure("[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n[[site]]\nnames = [\"one.example\"]\n"
              "root = \"www\"\n[[site.location]]\npath = \"/old\"\nredirect = \"/new\"\n");
  }
};

TEST_F(control_test, tells_what_runs) {
  start();
  EXPECT_EQ(get("/").status, 200);
  const auto now = status();
  EXPECT_EQ(now["generation"], 1);
  EXPECT_EQ(now["configuration"], path("perron.toml").string());
  EXPECT_GT(now["pid"].get<int>(), 0);
  ASSERT_EQ(now["listeners"].size(), 1U);
  EXPECT_EQ(now["listeners"][0]["name"], "web");
  EXPECT_EQ(now["listeners"][0]["url"], "http://127.0.0.1:" + std::to_string(port()));
  EXPECT_EQ(now["requests"], 1);
  EXPECT_FALSE(now.contains("last_reload"));
  EXPECT_EQ(stop(), 0);
}

TEST_F(control_test, is_for_its_owner) {
  start();
  struct ::stat file {};
  ASSERT_EQ(::stat(control().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(ask_control("GET", "/nothing").status, 404);
  EXPECT_EQ(ask_control("GET", "/stop").status, 405);
  EXPECT_EQ(stop(), 0);
}

TEST_F(control_test, lists_routes) {
  start();
  const auto said = nlohmann::json::parse(ask_control("GET", "/routes").body);
  ASSERT_EQ(said["routes"].size(), 2U);
  EXPECT_EQ(said["routes"][0]["host"], "one.example");
  EXPECT_EQ(said["routes"][0]["pattern"], "/old/*");
  EXPECT_EQ(said["routes"][0]["what"], "302 to /new");
  EXPECT_THAT(said["routes"][1]["what"].get<std::string>(), StartsWith("files of "));
  EXPECT_EQ(stop(), 0);
}

TEST_F(control_test, stops_it) {
  start();
  EXPECT_EQ(ask_control("POST", "/stop").status, 200);
  EXPECT_EQ(running().wait(), 0);
}

TEST_F(control_test, drains_it_and_a_reload_begins_again) {
  start();
  raw_client idle = client();
  EXPECT_EQ(idle.get("/").status, 200);
  EXPECT_EQ(ask_control("POST", "/drain").status, 200);
  EXPECT_TRUE(idle.at_end());
  raw_client late;
  EXPECT_FALSE(late.connect(port()));
  EXPECT_EQ(status()["draining"], true);
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(status()["listeners"].size(), 1U);
  EXPECT_EQ(stop(), 0);
}

TEST_F(control_test, its_admin_listener_says_that_it_drains) {
  configure("[admin]\nlisten = \"127.0.0.1:0\"\n[[listener]]\nname = \"web\"\nlisten = \"127.0.0.1:0\"\n"
            "[[site]]\nroot = \"www\"\n");
  start(2);
  constexpr std::size_t admin = 1;
  EXPECT_EQ(get("/readyz", "test", admin).status, 200);
  raw_client slow = client();
  ASSERT_TRUE(slow.send("POST /none HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n1"));
  raw_client kept = client(admin);
  EXPECT_EQ(kept.get("/readyz").body, "ready\n");
  EXPECT_EQ(ask_control("POST", "/drain").status, 200);
  EXPECT_EQ(kept.get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz", "test", admin).body, "draining\n");
  EXPECT_EQ(get("/healthz", "test", admin).status, 200);
  EXPECT_THAT(get("/metrics", "test", admin).body, HasSubstr("perron_http_requests_total{"));
  raw_client late;
  EXPECT_FALSE(late.connect(port()));
  EXPECT_EQ(ask_control("POST", "/reload").status, 200);
  EXPECT_EQ(kept.get("/readyz").status, 200);
  EXPECT_EQ(stop(), 0);
}

TEST(control_text_test, is_for_people) {
  using httpd::program::control_text;
  const auto said = nlohmann::json::parse(R"({"version":"1.2","pid":7,"uptime":3661,"configuration":"/p.toml",
    "generation":2,"draining":false,"last_reload":{"ok":false,"error":"p.toml:1: bad","ago":61},
    "listeners":[{"url":"http://[::]:80","connections":1,"requests":20,"running":0,"crashed":0,"turned_away":3}]})");
  EXPECT_EQ(control_text("status", said),
            "perron 1.2, pid 7, up 1 h 1 min\n"
            "configuration /p.toml, generation 2\n"
            "last reload 1 min 1 s ago failed:\np.toml:1: bad\n"
            "LISTENER        CONNECTIONS  REQUESTS  RUNNING  CRASHED  TURNED AWAY\n"
            "http://[::]:80  1            20        0        0        3\n");
  EXPECT_EQ(control_text("routes", nlohmann::json::parse(
                                       R"({"routes":[{"listener":"http://a:1","host":"*","method":"*",
                                       "pattern":"/*","what":"404"}]})")),
            "LISTENER    HOST  METHOD  PATTERN  WHAT\nhttp://a:1  *     *       /*       404\n");
}

} // namespace
} // namespace perron::testing
