// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/core/proxy_greeting.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <string_view>

namespace perron::httpd::core {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;

const std::string line = "PROXY TCP4 192.0.2.1 192.0.2.9 40001 80\r\n";
const std::string get_peer = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

class proxy_greeting_test : public server_fixture {
protected:
  static router says_peer() {
    return router().get("/", [](request& r) { return text(r.peer()); });
  }
  /// Behind a proxy on this machine.
  static server_options proxied() {
    server_options options;
    options.proxy_protocol_from = {"127.0.0.0/8"};
    return options;
  }
  raw_client client_that_says(std::string_view greeting) {
    raw_client c = client();
    EXPECT_TRUE(c.send(greeting));
    return c;
  }
};

TEST_F(proxy_greeting_test, the_peer_is_whom_the_proxy_names) {
  serve(says_peer(), proxied());
  raw_client c = client_that_says(line);
  EXPECT_EQ(c.get("/").body, "192.0.2.1:40001");
  EXPECT_EQ(c.get("/").body, "192.0.2.1:40001") << "for the whole connection";
  raw_client six = client_that_says("PROXY TCP6 2001:db8::1 2001:db8::2 40002 80\r\n" + get_peer);
  EXPECT_EQ(six.read().body, "[2001:db8::1]:40002");
}

TEST_F(proxy_greeting_test, takes_version_2_too) {
  serve(says_peer(), proxied());
  raw_client c = client_that_says(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x09\x9c\x43\0\x50"s + get_peer);
  EXPECT_EQ(c.read().body, "192.0.2.1:40003");
}

TEST_F(proxy_greeting_test, takes_a_header_in_pieces) {
  serve(says_peer(), proxied());
  raw_client c = client();
  for (const char byte : line + get_peer)
    ASSERT_TRUE(c.send({&byte, 1}));
  EXPECT_EQ(c.read().body, "192.0.2.1:40001");
}

TEST_F(proxy_greeting_test, takes_a_header_cut_anywhere) {
  serve(says_peer(), proxied());
  const std::string all = line + get_peer;
  for (std::size_t cut = 1; cut < line.size() + 2; ++cut) {
    raw_client c = client_that_says(all.substr(0, cut));
    await([](const server_stats& s) { return s.connections == 1; });
    ASSERT_TRUE(c.send(all.substr(cut)));
    ASSERT_EQ(c.read().body, "192.0.2.1:40001") << cut;
    c.close();
    await_no_connection();
  }
}

TEST_F(proxy_greeting_test, a_proxy_that_speaks_for_itself_is_the_peer) {
  serve(says_peer(), proxied());
  raw_client local = client_that_says("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s + get_peer);
  EXPECT_EQ(local.read().body, local.local());
  raw_client unknown = client_that_says("PROXY UNKNOWN\r\n" + get_peer);
  EXPECT_EQ(unknown.read().body, unknown.local());
}

TEST_F(proxy_greeting_test, whoever_says_anything_else_is_not_answered) {
  serve(says_peer(), proxied());
  for (const std::string& greeting :
       {get_peer, "PROXY TCP4 1.2.3.4\r\n"s, "\r\n\r\n\0\r\nQUIT\n\x31"s, "\r\n\r\nGET"s}) {
    raw_client c = client_that_says(greeting);
    EXPECT_EQ(c.read_to_end(), "");
  }
  EXPECT_EQ(await_no_connection().refused, 4U);
  EXPECT_EQ(stats().requests, 0U);
}

TEST_F(proxy_greeting_test, a_bad_request_behind_the_header_is_answered) {
  serve(says_peer(), proxied());
  EXPECT_EQ(client_that_says(line + "nonsense\r\n\r\n").read().status, 400);
}

TEST_F(proxy_greeting_test, only_proxies_may_greet) {
  server_options options;
  options.proxy_protocol_from = {"192.0.2.0/24", "::1"};
  serve(says_peer(), options);
  raw_client c = client();
  static_cast<void>(c.send(line + get_peer));
  EXPECT_EQ(c.read_to_end(), "");
  EXPECT_EQ(await([](const server_stats& s) { return s.refused == 1; }).requests, 0U);
}

TEST_F(proxy_greeting_test, without_proxies_a_header_is_a_bad_request) {
  serve(says_peer());
  EXPECT_EQ(client_that_says(line + get_peer).read().status, 400);
}

TEST_F(proxy_greeting_test, closes_one_that_does_not_come_to_its_end) {
  server_options options = proxied();
  options.head_time = 1ms;
  serve(says_peer(), options);
  EXPECT_EQ(client_that_says("PROXY TCP4").read_to_end(), "");
  EXPECT_EQ(client().read_to_end(), "");
  await_no_connection();
}

TEST_F(proxy_greeting_test, clients_that_leave_in_the_middle_of_a_header_cost_nothing) {
  serve(says_peer(), proxied());
  for (int i = 0; i < 100; ++i) {
    raw_client c =
        client_that_says(std::string_view(line).substr(0, static_cast<std::size_t>(i) % line.size()));
    if (i % 3 == 0)
      c.reset();
    else if (i % 3 == 1)
      c.shut_writing();
  }
  EXPECT_EQ(await_no_connection().requests, 0U);
}

TEST_F(proxy_greeting_test, a_greeting_counts_as_a_connection) {
  server_options options = proxied();
  options.hard_limit = 1;
  serve(says_peer(), options);
  raw_client first = client_that_says("PROXY");
  await([](const server_stats& s) { return s.connections == 1; });
  EXPECT_EQ(client().read().status, 503);
  ASSERT_TRUE(first.send(line.substr(5) + get_peer));
  EXPECT_EQ(first.read().body, "192.0.2.1:40001");
  EXPECT_EQ(stats().connections, 1U);
  EXPECT_EQ(stats().accepted, 1U);
}

TEST_F(proxy_greeting_test, a_stop_closes_greetings_at_once) {
  serve(says_peer(), proxied());
  raw_client c = client_that_says("PROXY TCP4");
  await([](const server_stats& s) { return s.connections == 1; });
  EXPECT_EQ(stop_server(), runtime::exit_reason::shutdown());
  EXPECT_EQ(c.read_to_end(), "");
}

TEST_F(proxy_greeting_test, says_which_proxy_is_none) {
  for (const char* text : {"localhost", "10.0.0.1/8", "", "127.0.0.1:80"}) {
    server_options options;
    options.proxy_protocol_from = {"127.0.0.1", text};
    serve(says_peer(), options);
    EXPECT_THAT(start_error(), HasSubstr("proxy_protocol_from: '" + std::string(text) + "'"));
  }
}

} // namespace
} // namespace perron::httpd::core
