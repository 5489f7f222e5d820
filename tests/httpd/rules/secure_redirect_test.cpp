// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/secure_redirect.hpp>

#include <perron/httpd/rules/client_address.hpp>
#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;

test_client serve(secure_redirect_options options) {
  router r;
  r.use(forwarded_for({.trusted = {"unix"}}));
  r.use(secure_redirect(std::move(options)));
  r.get("/*path", [](request&) { return text("in"); });
  return test_client(std::move(r));
}

const header_list by_tls{{"X-Forwarded-Proto", "https"}};

TEST(secure_redirect, who_comes_without_tls_is_sent_to_it) {
  auto client = serve({.hsts = 1h});
  const auto a = client.get("/a%20b/%2F?x=1&y=%20", {{"Host", "example.org:8080"}});
  EXPECT_EQ(a.status, 308);
  EXPECT_EQ(a.header("Location"), "https://example.org/a%20b/%2F?x=1&y=%20");
  EXPECT_EQ(client.get("/", by_tls).body, "in");
  EXPECT_EQ(serve({.status = 301, .port = 8443, .host = "www.example.org"}).get("/").header("Location"),
            "https://www.example.org:8443/");
  EXPECT_EQ(client.get("/", {{"Host", "[2001:db8::1]:80"}}).header("Location"), "https://[2001:db8::1]/");
  EXPECT_EQ(client.get("/", {{"Host", ""}}).status, 400);
}

TEST(secure_redirect, no_path_becomes_a_host) {
  EXPECT_EQ(serve({}).get("//evil.example/%2e%2e", {{"Host", "a"}}).header("Location"), "https://a//");
}

TEST(rfc6797_7_2, hsts_is_said_over_tls_alone) {
  auto client = serve({.hsts = 1h});
  EXPECT_EQ(client.get("/").header("Strict-Transport-Security"), "");
  EXPECT_EQ(client.get("/", by_tls).header("Strict-Transport-Security"), "max-age=3600");
  EXPECT_EQ(serve({}).get("/", by_tls).header("Strict-Transport-Security"), "");
}

TEST(rfc6797_7_1, there_is_one_field_whatever_the_handler_says) {
  const secure_redirect_options how{.hsts = 1h};
  for (const auto& rule : {secure_redirect(how), strict_transport(how)}) {
    router r;
    r.use(forwarded_for({.trusted = {"unix"}}));
    r.use(rule);
    r.get("/", [](request&) {
      response own = text("in");
      own.headers.emplace_back("strict-transport-security", "max-age=0");
      return own;
    });
    test_client client(std::move(r));
    const auto a = client.get("/", by_tls);
    EXPECT_EQ(std::count_if(a.headers.begin(), a.headers.end(),
                            [](const auto& f) { return f.first == "Strict-Transport-Security"; }),
              1);
    EXPECT_EQ(a.headers.size(), serve(how).get("/", by_tls).headers.size());
    EXPECT_EQ(a.header("Strict-Transport-Security"), "max-age=3600");
  }
}

TEST(strict_transport, redirects_nobody) {
  router r;
  r.use(forwarded_for({.trusted = {"unix"}}));
  r.use(strict_transport({.hsts = 1h}));
  r.get("/", [](request&) { return text("in"); });
  test_client client(std::move(r));
  EXPECT_EQ(client.get("/").body, "in");
  EXPECT_EQ(client.get("/").header("Strict-Transport-Security"), "");
  EXPECT_FALSE(strict_transport({})) << "there is nothing to tell";
  EXPECT_THROW(strict_transport({.hsts = -1s}), std::invalid_argument);
}

TEST(rfc6797_6_1, directives) {
  EXPECT_EQ(hsts_value({.hsts = 10s, .include_subdomains = true}), "max-age=10; includeSubDomains");
  EXPECT_EQ(hsts_value({.hsts = 24h * 365, .include_subdomains = true, .preload = true}),
            "max-age=31536000; includeSubDomains; preload");
}

TEST(secure_redirect, bad_options_are_refused) {
  EXPECT_FALSE(check(secure_redirect_options{.status = 303}));
  EXPECT_FALSE(check(secure_redirect_options{.port = 0}));
  EXPECT_FALSE(check(secure_redirect_options{.host = "a:80"}));
  EXPECT_FALSE(check(secure_redirect_options{.host = "a/b"}));
  EXPECT_FALSE(check(secure_redirect_options{.hsts = -1s}));
  EXPECT_FALSE(check(secure_redirect_options{.hsts = 1h, .include_subdomains = true, .preload = true}));
  EXPECT_THROW(secure_redirect({.status = 200}), std::invalid_argument);
}

} // namespace
