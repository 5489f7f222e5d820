// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/redirects.hpp>

#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace perron::httpd;

test_client serve(std::vector<redirect_rule> rules) {
  router r;
  r.use(redirects(std::move(rules)));
  r.any("/*path", [](request&) { return text("here"); });
  return test_client(std::move(r));
}

TEST(rfc9110_15_4, the_first_rule_that_has_the_path_holds) {
  auto client = serve({{.from = "/old/*rest", .to = "/new/{rest}", .status = 308},
                       {.from = "/old/never", .to = "/x"},
                       {.from = "/:a.html", .to = "https://example.org/{a}", .status = 301}});
  const auto first = client.get("/old/never?q=1");
  EXPECT_EQ(first.status, 308);
  EXPECT_EQ(first.header("Location"), "/new/never?q=1");
  const auto second = client.get("/b.html");
  EXPECT_EQ(second.status, 301);
  EXPECT_EQ(second.header("Location"), "https://example.org/b");
  EXPECT_EQ(client.get("/other").body, "here");
}

TEST(redirects, host_and_scheme_are_those_of_the_request) {
  auto client = serve({{.from = "*all", .to = "{scheme}://{host}/moved"}});
  EXPECT_EQ(client.get("/", {{"Host", "a.example:81"}}).header("Location"), "http://a.example/moved");
  EXPECT_EQ(client.get("/", {{"Host", ""}}).status, 400);
}

TEST(redirects, nothing_of_a_path_ends_the_field) {
  auto client = serve({{.from = "/o/*r", .to = "/n/{r}"}});
  EXPECT_EQ(client.get("/o/a%3Fb%20c").header("Location"), "/n/a%3Fb%20c");
  EXPECT_EQ(client.get("/o//evil.example").header("Location"), "/n/evil.example");
}

TEST(redirects, bad_rules_are_refused) {
  EXPECT_THROW(redirects({{.from = "/a", .to = "/b", .status = 200}}), std::invalid_argument);
  EXPECT_THROW(redirects({{.from = "/a", .to = "/b", .status = 304}}), std::invalid_argument);
  EXPECT_EQ(check(redirect_rule{.from = "/a", .to = "/b", .status = 300}).error().text,
            "300 is no redirect: 301, 302, 303, 307 and 308 are");
  EXPECT_FALSE(check(redirect_rule{.from = "a", .to = "/b"}));
  EXPECT_FALSE(check(redirect_rule{.from = "/a", .to = "b"}));
}

} // namespace
