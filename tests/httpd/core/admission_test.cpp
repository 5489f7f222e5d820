// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/admission.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using ::testing::HasSubstr;

class admission_test : public server_fixture {
protected:
  static router hello() {
    return router().get("/", [](request& r) { return text(r.peer()); });
  }
  static server_options with_connections(std::uint32_t most) {
    server_options options;
    options.per_address.max_connections = most;
    return options;
  }
  static std::string greeting(const char* address) {
    return "PROXY TCP4 " + std::string(address) + " 192.0.2.200 40001 80\r\n";
  }
};

TEST(visitor, is_written_as_one_writes_addresses) {
  EXPECT_EQ(visitor(ip_address::parse("192.0.2.1").value(), 80, true).to_string(), "192.0.2.1:80");
  EXPECT_EQ(visitor(ip_address::parse("2001:db8::1").value(), 443, true).to_string(), "[2001:db8::1]:443");
}

TEST_F(admission_test, an_address_may_have_so_many_connections_and_no_more) {
  serve(hello(), with_connections(2));
  raw_client first = client();
  raw_client second = client();
  EXPECT_EQ(first.get("/").body, first.local());
  EXPECT_EQ(second.get("/").body, second.local());
  raw_client third = client();
  const answer a = third.read();
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.field("Retry-After"), "2");
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_THAT(a.body, HasSubstr("too many connections from your address"));
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(first.get("/").status, 200) << "those that are there stay";
  EXPECT_EQ(stats().turned_away, 1U);
  EXPECT_EQ(stats().accepted, 2U);
}

TEST_F(admission_test, who_leaves_makes_room) {
  serve(hello(), with_connections(1));
  for (int i = 0; i < 20; ++i) {
    raw_client c = client();
    ASSERT_EQ(c.get("/").status, 200);
    c.close();
    await_no_connection();
  }
  EXPECT_EQ(stats().turned_away, 0U);
}

TEST_F(admission_test, of_proxied_connections_the_client_counts) {
  server_options options = with_connections(1);
  options.proxy_protocol_from = {"127.0.0.1"};
  serve(hello(), options);
  std::vector<raw_client> all;
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
    raw_client c = client();
    ASSERT_TRUE(c.send(greeting(address)));
    EXPECT_EQ(c.get("/").body, std::string(address) + ":40001");
    all.push_back(std::move(c));
  }
  raw_client again = client();
  ASSERT_TRUE(again.send(greeting("192.0.2.2")));
  EXPECT_EQ(again.read().status, 503);
  for (int i = 0; i < 3; ++i) {
    raw_client check = client();
    ASSERT_TRUE(check.send("PROXY UNKNOWN\r\n"));
    EXPECT_EQ(check.get("/").status, 200) << "the proxy itself is not limited";
    all.push_back(std::move(check));
  }
}

TEST_F(admission_test, who_asks_too_often_is_told_so_and_cut_off) {
  server_options options;
  options.per_address.requests_per_second = 1;
  options.per_address.burst = 2;
  serve(hello(), options);
  raw_client c = client();
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  ASSERT_TRUE(c.send(all));
  answer a = c.read();
  int good = 0;
  for (; a.status == 200; a = c.read())
    ++good;
  EXPECT_GE(good, 2);
  EXPECT_EQ(a.status, 429);
  EXPECT_EQ(a.field("Retry-After"), "1");
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(stats().limited, 1U);
}

TEST_F(admission_test, nobody_is_limited_unless_it_is_asked_for) {
  serve(hello());
  std::vector<raw_client> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(client());
    for (int k = 0; k < 20; ++k)
      ASSERT_EQ(all.back().get("/").status, 200);
  }
  EXPECT_EQ(stats().limited + stats().turned_away, 0U);
}

} // namespace
} // namespace perron::httpd::core
