// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/rewrite.hpp>

#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace perron::httpd;

response show(request& r) {
  std::string all = std::string(r.path()) + " page=" + r.param("path") + " query=";
  all += r.query().raw();
  return text(all);
}

router pages() {
  router r;
  r.get("/pages/*path", show);
  r.post("/small", show, {.max_body = 4});
  r.get("/secret", [](request&) -> response { throw http_error(403, "not you"); });
  return r;
}

test_client serve(std::vector<rewrite_rule> rules) {
  router r;
  r.any("/*path", rewrite(std::move(rules), pages()));
  return test_client(std::move(r));
}

TEST(rewrite, the_routes_see_the_new_target) {
  auto client = serve({{.from = "/~:user/*rest", .to = "/pages/{user}/{rest}"},
                       {.from = "/q/:n", .to = "/pages/x?number={n}"},
                       {.from = "/none", .to = "/nowhere"}});
  EXPECT_EQ(client.get("/~joe/a/b?x=1").body, "/pages/joe/a/b page=joe/a/b query=x=1");
  EXPECT_EQ(client.get("/q/a%26b").body, "/pages/x page=x query=number=a%26b");
  EXPECT_EQ(client.get("/pages/same").body, "/pages/same page=same query=");
  EXPECT_EQ(client.get("/none").status, 404);
  EXPECT_EQ(client.get("/other").status, 404);
  EXPECT_EQ(client.send({.method = "PUT", .target = "/~joe/"}).status, 405);
  EXPECT_EQ(client.head("/~joe/").status, 200);
}

TEST(rewrite, what_was_data_in_the_path_stays_data) {
  auto client = serve({{.from = "/o/*rest", .to = "/pages/{rest}"}});
  EXPECT_EQ(client.get("/o/a%3Fb%2Fc%25d%20e").body, "/pages/a?b%2Fc%25d e page=a?b/c%d e query=");
  EXPECT_EQ(client.get("/o/%252e%252e/secret").body, "/pages/%252e%252e/secret page=%2e%2e/secret query=");
}

TEST(rewrite, rules_may_begin_again) {
  auto client = serve({{.from = "/pages/old", .to = "/pages/new"},
                       {.from = "/a/*rest", .to = "/b/{rest}", .again = true},
                       {.from = "/b/*rest", .to = "/pages/{rest}", .again = true}});
  EXPECT_EQ(client.get("/a/x?q").body, "/pages/x page=x query=q");
  EXPECT_EQ(client.get("/a/old").body, "/pages/new page=new query=");
}

TEST(rewrite, circles_end) {
  auto client = serve({{.from = "/a", .to = "/b", .again = true}, {.from = "/b", .to = "/a", .again = true}});
  EXPECT_EQ(client.get("/a").status, 500);
  EXPECT_EQ(client.get("/a").crash, "");
  EXPECT_EQ(client.get("/pages/x").status, 200);
}

TEST(rewrite, rewrites_within_each_other_end) {
  router inner = pages();
  for (int i = 0; i < 9; ++i) {
    router outer;
    outer.any("/*path", rewrite({{.from = "/:n/*rest", .to = "/{n}/{rest}/x"}}, inner));
    inner = std::move(outer);
  }
  EXPECT_EQ(test_client(inner).get("/pages/a").body,
            "/pages/a/x/x/x/x/x/x/x/x/x page=a/x/x/x/x/x/x/x/x/x query=");
  for (int i = 0; i < 2; ++i) {
    router outer;
    outer.any("/*path", rewrite({}, inner));
    inner = std::move(outer);
  }
  EXPECT_EQ(test_client(inner).get("/pages/a").status, 500);
}

TEST(rewrite, limits_are_those_of_the_new_route) {
  auto client = serve({{.from = "/s", .to = "/small"}});
  EXPECT_EQ(client.post("/s", "text/plain", "12345").status, 413);
  EXPECT_EQ(client.post("/s", "text/plain", "1234").status, 200);
}

TEST(rewrite, errors_and_fields_are_of_the_outer_request) {
  router r;
  r.use([](request& q, const handler& next) {
    q.before_send([&q](response& answer) { answer.headers.emplace_back("X-Path", q.path()); });
    return next(q);
  });
  r.errors([](const request& q, int code, std::string_view why) {
    return text(std::string(q.path()) + ' ' + std::string(why), code);
  });
  r.any("/*path", rewrite({{.from = "/x", .to = "/secret"}}, pages()));
  const auto a = test_client(std::move(r)).get("/x");
  EXPECT_EQ(a.status, 403);
  EXPECT_EQ(a.body, "/x not you");
  EXPECT_EQ(a.header("X-Path"), "/x");
}

TEST(rewrite, bad_rules_are_refused) {
  EXPECT_FALSE(check(rewrite_rule{.from = "/a", .to = "https://example.org/"}));
  EXPECT_FALSE(check(rewrite_rule{.from = "a", .to = "/"}));
  EXPECT_FALSE(check(rewrite_rule{.from = "/a", .to = "/{host}"}));
  EXPECT_THROW(rewrite({{.from = "/a", .to = "b"}}, router()), std::invalid_argument);
}

} // namespace
