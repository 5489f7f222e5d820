// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/routes.hpp>

#include <perron/httpd/middleware.hpp>
#include <perron/httpd/test_client.hpp>

#include "support/node_fixture.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace perron::testing {
namespace {

using namespace httpd;

class routes : public node_fixture {
protected:
  /// One request in a process of its own.
  test_answer ask(const router& r, const test_request& what) {
    test_answer out;
    run([&] { out = test_client(r).send(what); });
    return out;
  }
  test_answer get(const router& r, std::string_view target, header_list headers = {}) {
    return ask(r, {.target = std::string(target), .headers = std::move(headers)});
  }
  std::string body(const router& r, std::string_view target) { return get(r, target).body; }
};

handler says(std::string what) {
  return [what = std::move(what)](request&) { return text(what); };
}

/// Puts its letter around what the handler says.
middleware around(std::string letter) {
  return [letter = std::move(letter)](request& r, const handler& next) {
    response a = next(r);
    a.body = letter + a.body + letter;
    return a;
  };
}

TEST_F(routes, every_method_has_its_route) {
  router r;
  r.get("/x", says("get")).post("/x", says("post")).put("/x", says("put")).patch("/x", says("patch"));
  r.del("/x", says("delete")).any("/x", says("any"));
  for (const auto& [method, wanted] :
       {std::pair("GET", "get"), std::pair("POST", "post"), std::pair("PUT", "put"),
        std::pair("PATCH", "patch"), std::pair("DELETE", "delete"), std::pair("BREW", "any"),
        std::pair("OPTIONS", "any")})
    EXPECT_EQ(ask(r, {.method = method, .target = "/x"}).body, wanted);
}

TEST_F(routes, first_middleware_is_outermost) {
  router r;
  r.use(around("a")).use(around("b")).get("/", says("x"));
  EXPECT_EQ(body(r, "/"), "abxba");
}

TEST_F(routes, middleware_may_answer_itself) {
  router r;
  r.use([](request& q, const handler& next) {
    return q.header("Authorization").empty() ? text("who are you?", status::unauthorized) : next(q);
  });
  r.get("/", says("in"));
  EXPECT_EQ(get(r, "/").status, 401);
  EXPECT_EQ(get(r, "/", {{"Authorization", "Basic x"}}).body, "in");
}

TEST_F(routes, middleware_sees_what_is_thrown) {
  router r;
  r.use([](request& q, const handler& next) -> response {
    try {
      return next(q);
    } catch (const http_error& e) {
      return text(std::string("caught ") + e.what());
    }
  });
  r.get("/", [](request&) -> response { throw http_error(status::gone, "it"); });
  EXPECT_EQ(body(r, "/"), "caught it");
}

TEST_F(routes, middleware_comes_before_routes) {
  router r;
  r.get("/", says("x"));
  EXPECT_THROW(r.use(around("a")), std::invalid_argument);
  router overridden;
  overridden.not_found(says("x"));
  EXPECT_THROW(overridden.use(around("a")), std::invalid_argument);
}

TEST_F(routes, mounted_router_lies_below_its_prefix) {
  router sub;
  sub.use(around("s"));
  sub.get("/", says("root")).get("/rooms/:room", [](request& q) {
    return text(q.param("user") + q.param("room"));
  });
  router r;
  r.use(around("r"));
  r.mount("/api", sub).mount("/users/:user", sub);
  EXPECT_EQ(body(r, "/api/"), "rsrootsr");
  EXPECT_EQ(get(r, "/api").status, 404);
  EXPECT_EQ(body(r, "/api/rooms/7"), "rs7sr");
  EXPECT_EQ(body(r, "/users/ann/rooms/7"), "rsann7sr");
}

TEST_F(routes, mounts_nest) {
  router inner;
  inner.use(around("3")).get("/x", says("x"));
  router middle;
  middle.use(around("2")).mount("/b", inner);
  router outer;
  outer.use(around("1")).mount("/a", middle);
  EXPECT_EQ(body(outer, "/a/b/x"), "123x321");
}

TEST_F(routes, mistakes_say_what_is_wrong) {
  router r;
  EXPECT_THROW(r.mount("api", router()), std::invalid_argument);
  EXPECT_THROW(r.mount("/", router()), std::invalid_argument);
  EXPECT_THROW(r.mount("/api/", router()), std::invalid_argument);
  EXPECT_THROW(r.get("/", handler()), std::invalid_argument);
  try {
    r.get("/a", says("")).get("/a", says(""));
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "perron: route GET /a matches the same requests as GET /a");
  }
}

TEST_F(routes, errors_have_pages_of_their_own) {
  router r;
  r.get("/gone", [](request&) -> response { throw http_error(status::gone, "long ago"); });
  EXPECT_EQ(body(r, "/gone"), "410 Gone\nlong ago\n");
  EXPECT_EQ(body(r, "/other"), "404 Not Found\n");
  EXPECT_EQ(get(r, "/gone", {{"Accept", "application/json"}}).body,
            "{\"status\":410,\"title\":\"Gone\",\"detail\":\"long ago\"}\n");
  r.errors([](const request& q, int status, std::string_view why) {
    return text(std::to_string(status) + " at " + std::string(q.path()) + ' ' + std::string(why), status);
  });
  EXPECT_EQ(body(r, "/gone"), "410 at /gone long ago");
  EXPECT_EQ(body(r, "/other"), "404 at /other ");
  EXPECT_EQ(ask(r, {.method = "PUT", .target = "/gone"}).body, "405 at /gone ");
}

TEST_F(routes, not_found_and_not_allowed_can_be_answered) {
  router r;
  r.use(around("m"));
  r.get("/x", says("x"));
  r.not_found(
      [](request& q) { return text("no " + std::string(q.path()) + q.param("x"), status::not_found); });
  r.method_not_allowed([](request&) { return text("not so", status::method_not_allowed); });
  EXPECT_EQ(body(r, "/y"), "mno /ym");
  const auto not_allowed = ask(r, {.method = "PUT", .target = "/x"});
  EXPECT_EQ(not_allowed.body, "mnot som");
  EXPECT_EQ(not_allowed.header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(routes, overrides_of_the_longest_prefix_hold) {
  router api;
  api.get("/x", says("x"));
  api.not_found(says("api's"));
  router user;
  user.not_found(says("user's"));
  router r;
  r.mount("/api", api).mount("/api/:user", user).not_found(says("own"));
  EXPECT_EQ(body(r, "/"), "own");
  EXPECT_EQ(body(r, "/apis"), "own");
  EXPECT_EQ(body(r, "/api"), "api's");
  EXPECT_EQ(body(r, "/api/"), "api's");
  EXPECT_EQ(body(r, "/api/ann"), "user's");
  EXPECT_EQ(body(r, "/api/ann/x"), "user's");
}

TEST_F(routes, options_and_head_are_answered_by_the_router) {
  router r;
  r.get("/x", says("x")).post("/x", says("y"));
  const auto options = ask(r, {.method = "OPTIONS", .target = "/x"});
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "GET, HEAD, POST, OPTIONS");
  const auto head = ask(r, {.method = "HEAD", .target = "/x"});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(ask(r, {.method = "OPTIONS", .target = "*"}).header("Allow"), "GET, HEAD, POST, OPTIONS");
}

TEST_F(routes, limits_are_those_of_the_route) {
  router r;
  const handler echo = [](request& q) { return text(std::string(q.body())); };
  r.post("/small", echo, {.max_body = 4}).post("/usual", echo);
  router outer;
  outer.mount("/a", r);
  EXPECT_EQ(ask(outer, {.method = "POST", .target = "/a/small", .body = {"1234"}}).body, "1234");
  EXPECT_EQ(ask(outer, {.method = "POST", .target = "/a/small", .body = {"12345"}}).status, 413);
  EXPECT_EQ(ask(outer, {.method = "POST", .target = "/a/small", .body = {"123", "45"}}).status, 413);
  EXPECT_EQ(ask(outer, {.method = "POST", .target = "/a/usual", .body = {"12345"}}).status, 200);
  EXPECT_EQ(r.table()[1].limits, nullptr);
}

TEST_F(routes, request_has_an_id) {
  router own;
  own.use(request_id()).get("/", [](request& q) { return text(q.local<request_id_text>().text); });
  const auto first = get(own, "/", {{"X-Request-Id", "theirs"}});
  EXPECT_EQ(first.body.size(), 24U);
  EXPECT_EQ(first.header("X-Request-Id"), first.body);
  EXPECT_NE(get(own, "/").body, first.body);

  router trusting;
  trusting.use(request_id("X-Trace", true)).get("/", [](request&) -> response { throw http_error(409, ""); });
  EXPECT_EQ(get(trusting, "/", {{"X-Trace", "theirs"}}).header("X-Trace"), "theirs");
  EXPECT_EQ(get(trusting, "/", {{"X-Trace", "not theirs"}}).header("X-Trace").size(), 24U);
}

TEST_F(routes, middleware_adds_fields_to_streams_too) {
  router r;
  r.use(careful_browsers()).use(server_timing());
  r.get("/", [](request& q) {
    auto out = q.begin({.content_type = "text/plain", .headers = {{"x-frame-options", "SAMEORIGIN"}}});
    out.write("a");
    out.write("b");
    return out.end();
  });
  const auto a = get(r, "/");
  EXPECT_EQ(a.body, "ab");
  EXPECT_EQ(a.header("X-Frame-Options"), "SAMEORIGIN");
  EXPECT_EQ(a.header("X-Content-Type-Options"), "nosniff");
  EXPECT_TRUE(a.header("Server-Timing").starts_with("total;dur="));
}

} // namespace
} // namespace perron::testing
