// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/allow_deny.hpp>

#include "httpd/server_fixture.hpp"

#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace perron::testing {
namespace {

using namespace httpd;

bool allows(const allow_deny_options& options, std::string_view address) {
  return address_rules(options).allow(ip_address::parse(address));
}

TEST(allow_deny, the_first_rule_that_has_the_address_says) {
  const allow_deny_options options{
      .rules = {{false, "10.0.0.13"}, {true, "10.0.0.0/8"}, {true, "2001:db8::/32"}}, .otherwise = false};
  EXPECT_FALSE(allows(options, "10.0.0.13"));
  EXPECT_TRUE(allows(options, "10.0.0.14"));
  EXPECT_FALSE(allows(options, "11.0.0.1"));
  EXPECT_TRUE(allows(options, "2001:db8::1"));
  EXPECT_FALSE(allows(options, "2001:db9::1"));
}

TEST(rfc4291_2_5_5_2, a_mapped_address_is_the_ipv4_one) {
  const allow_deny_options options{.rules = {{true, "10.0.0.0/8"}}, .otherwise = false};
  EXPECT_TRUE(allows(options, "::ffff:10.1.2.3"));
  EXPECT_FALSE(allows(options, "::10.1.2.3"));
}

TEST(allow_deny, unix_sockets_have_no_address) {
  const auto allow = [](bool otherwise, address_rule rule) {
    return address_rules({.rules = {std::move(rule)}, .otherwise = otherwise}).allow(std::nullopt);
  };
  EXPECT_TRUE(allow(false, {true, "unix"}));
  EXPECT_TRUE(allow(false, {true, "all"}));
  EXPECT_FALSE(allow(false, {true, "::/0"}));
  EXPECT_FALSE(allows({.rules = {{true, "unix"}}, .otherwise = false}, "10.0.0.1"));
  EXPECT_TRUE(allows({.rules = {{true, "all"}}, .otherwise = false}, "10.0.0.1"));
}

TEST(allow_deny, bad_rules_are_refused) {
  for (const char* from : {"", "10.0.0", "10.0.0.1/8", "::/129", "example.org", "ALL"}) {
    EXPECT_FALSE(check(allow_deny_options{.rules = {{true, from}}})) << from;
    EXPECT_THROW(allow_deny({.rules = {{true, from}}}), std::invalid_argument) << from;
  }
}

TEST(forwarded_for, only_trusted_proxies_are_believed) {
  const auto seen_as = [](forwarded_for_options options, header_list fields) {
    router r;
    r.use(forwarded_for(options));
    r.get("/", [](request& q) {
      const auto from = client_address(q);
      return text((from ? from->to_string() : "none") + (came_securely(q) ? " tls" : ""));
    });
    return test_client(std::move(r)).get("/", std::move(fields)).body;
  };
  const header_list both{{"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}, {"X-Forwarded-For", "10.0.0.9:81"}};
  EXPECT_EQ(seen_as({}, both), "none");
  EXPECT_EQ(seen_as({.trusted = {"unix"}}, both), "10.0.0.9");
  EXPECT_EQ(seen_as({.trusted = {"unix", "10.0.0.0/8"}}, both), "2.2.2.2");
  EXPECT_EQ(seen_as({.trusted = {"unix", "10.0.0.0/8", "2.2.2.2", "1.1.1.1"}}, both), "1.1.1.1");
  EXPECT_EQ(seen_as({.trusted = {"unix"}}, {{"X-Forwarded-For", "unknown"}}), "none");
  EXPECT_EQ(seen_as({.trusted = {"unix", "10.0.0.0/8"}},
                    {{"X-Forwarded-For", "1.1.1.1, nonsense, 10.0.0.1"}, {"X-Forwarded-Proto", "https"}}),
            "10.0.0.1 tls");
  EXPECT_EQ(seen_as({.trusted = {"unix"}},
                    {{"X-Forwarded-For", "[2001:db8::1]:80"}, {"X-Forwarded-Proto", "https, http"}}),
            "2001:db8::1");
  EXPECT_EQ(seen_as({}, {{"X-Forwarded-Proto", "https"}}), "none");
}

TEST(rfc7239_4, forwarded_names_clients_and_schemes) {
  router r;
  r.use(forwarded_for({.trusted = {"unix", "192.0.2.43"}, .field = forwarded_field::forwarded}));
  r.get("/", [](request& q) {
    const auto from = client_address(q);
    return text((from ? from->to_string() : "none") + (came_securely(q) ? " tls" : ""));
  });
  test_client client(std::move(r));
  const auto seen_as = [&](std::string value) {
    return client.get("/", {{"Forwarded", std::move(value)}}).body;
  };
  EXPECT_EQ(seen_as("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  EXPECT_EQ(seen_as("For=\"[2001:db8:cafe::17]:4711\";proto=https"), "2001:db8:cafe::17 tls");
  EXPECT_EQ(seen_as("for=198.51.100.17, for=192.0.2.43"), "198.51.100.17");
  EXPECT_EQ(seen_as("for=198.51.100.17, for=192.0.2.44"), "192.0.2.44");
  EXPECT_EQ(seen_as("for=unknown"), "none");
  EXPECT_EQ(seen_as("for=_hidden"), "none");
  EXPECT_EQ(seen_as("proto=https"), "none tls");
  EXPECT_EQ(seen_as("=;;"), "none");
}

TEST(forwarded_for, bad_networks_are_refused) {
  EXPECT_THROW(forwarded_for({.trusted = {"10.0.0.1/8"}}), std::invalid_argument);
}

class allow_deny_server : public server_fixture {
protected:
  int status_for(allow_deny_options rules, server_options options = {}, std::string_view before = {}) {
    router r;
    r.use(allow_deny(rules));
    r.get("/", [](request&) { return text("in"); });
    serve(std::move(r), std::move(options));
    raw_client c = client();
    EXPECT_TRUE(c.send(before));
    return c.get("/").status;
  }
};

TEST_F(allow_deny_server, a_connection_has_an_address) {
  EXPECT_EQ(status_for({.rules = {{true, "127.0.0.0/8"}}, .otherwise = false}), 200);
  EXPECT_EQ(status_for({.rules = {{false, "127.0.0.1"}}}), 403);
}

TEST_F(allow_deny_server, behind_a_proxy_the_client_counts) {
  const allow_deny_options rules{.rules = {{true, "192.0.2.0/24"}}, .otherwise = false};
  server_options behind;
  behind.proxy_protocol_from = {"127.0.0.1"};
  EXPECT_EQ(status_for(rules, behind, "PROXY TCP4 192.0.2.7 192.0.2.1 50000 80\r\n"), 200);
  EXPECT_EQ(status_for(rules, behind, "PROXY TCP4 192.0.3.7 192.0.2.1 50000 80\r\n"), 403);
}

} // namespace
} // namespace perron::testing
