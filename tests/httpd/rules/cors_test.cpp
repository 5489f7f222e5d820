// SPDX-License-Identifier: BSD-3-Clause
// Sections are those of the Fetch Standard (WHATWG), "CORS protocol".
#include <perron/httpd/rules/cors.hpp>

#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;

constexpr std::string_view app = "https://app.example.org";

cors_options for_app() {
  return {.origins = {std::string(app), "https://*.example.net", "http://localhost:3000"},
          .methods = {"GET", "PUT"},
          .headers = {"Content-Type", "X-Token"},
          .exposed = {"X-Total"},
          .credentials = true,
          .max_age = 5min};
}

test_client serve(cors_options options) {
  router r;
  r.use(cors(std::move(options)));
  r.get("/", [](request&) { return text("data"); });
  r.put("/missing", [](request&) -> response { throw http_error(404, ""); });
  return test_client(std::move(r));
}

test_answer preflight(test_client& client, std::string_view origin, std::string_view method = "PUT",
                      std::string_view target = "/") {
  return client.send({.method = "OPTIONS",
                      .target = std::string(target),
                      .headers = {{"Origin", std::string(origin)},
                                  {"Access-Control-Request-Method", std::string(method)},
                                  {"Access-Control-Request-Headers", "x-token"}}});
}

TEST(fetch_cors_3_2_2, a_preflight_is_answered_where_the_routes_take_no_options) {
  auto client = serve(for_app());
  const auto a = preflight(client, app);
  EXPECT_EQ(a.status, 204);
  EXPECT_EQ(a.header("Access-Control-Allow-Origin"), app);
  EXPECT_EQ(a.header("Access-Control-Allow-Methods"), "GET, PUT");
  EXPECT_EQ(a.header("Access-Control-Allow-Headers"), "Content-Type, X-Token");
  EXPECT_EQ(a.header("Access-Control-Allow-Credentials"), "true");
  EXPECT_EQ(a.header("Access-Control-Max-Age"), "300");
  EXPECT_EQ(a.header("Vary"), "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  EXPECT_EQ(preflight(client, app, "PUT", "/missing").header("Access-Control-Allow-Origin"), app);
}

TEST(fetch_cors_3_2_3, who_is_not_allowed_gets_no_cors_fields) {
  auto client = serve(for_app());
  for (const std::string_view origin :
       {"https://evil.example", "http://app.example.org", "https://example.net", "https://.example.net",
        "https://app.example.org.evil.example", "https://evil.example/.example.net", "null", "",
        "https://a@b.example.net", "https://app.example.org:444", "HTTPS://APP.EXAMPLE.ORG"}) {
    const auto a = preflight(client, origin);
    EXPECT_EQ(a.header("Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(a.header("Access-Control-Allow-Methods"), "") << origin;
    const auto b = client.get("/", {{"Origin", std::string(origin)}});
    EXPECT_EQ(b.status, 200);
    EXPECT_EQ(b.header("Access-Control-Allow-Origin"), "") << origin;
    EXPECT_EQ(b.header("Access-Control-Allow-Credentials"), "") << origin;
    EXPECT_EQ(b.header("Vary"), "Origin");
  }
}

TEST(fetch_cors_3_2_3, answers_to_allowed_origins_say_so) {
  auto client = serve(for_app());
  for (const std::string_view origin :
       {app, std::string_view("https://a.b.example.net"), std::string_view("http://localhost:3000")}) {
    const auto a = client.get("/", {{"Origin", std::string(origin)}});
    EXPECT_EQ(a.header("Access-Control-Allow-Origin"), origin);
    EXPECT_EQ(a.header("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(a.header("Access-Control-Expose-Headers"), "X-Total");
    EXPECT_EQ(a.header("Vary"), "Origin");
    EXPECT_EQ(a.body, "data");
  }
  const auto failed =
      client.send({.method = "PUT", .target = "/missing", .headers = {{"Origin", std::string(app)}}});
  EXPECT_EQ(failed.status, 404);
  EXPECT_EQ(failed.header("Access-Control-Allow-Origin"), app);
}

TEST(fetch_cors_3_2_5, answers_without_an_origin_vary_too) {
  auto client = serve(for_app());
  EXPECT_EQ(client.get("/").header("Vary"), "Origin");
  EXPECT_EQ(client.get("/").header("Access-Control-Allow-Origin"), "");
  auto open = serve({.origins = {"*"}});
  EXPECT_EQ(open.get("/").header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(open.get("/").header("Vary"), "");
}

TEST(fetch_cors_3_2_2, options_that_ask_nothing_of_cors_go_on) {
  auto client = serve(for_app());
  const auto a = client.send({.method = "OPTIONS", .headers = {{"Origin", std::string(app)}}});
  EXPECT_EQ(a.status, 204);
  EXPECT_EQ(a.header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(a.header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(a.header("Access-Control-Allow-Origin"), app);
}

TEST(fetch_cors_3_2_3, a_star_echoes_what_is_asked) {
  auto client = serve({.origins = {"*"}, .methods = {"*"}, .headers = {"*"}, .max_age = 0s});
  const auto a = client.send({.method = "OPTIONS",
                              .headers = {{"Origin", "https://any.example"},
                                          {"Access-Control-Request-Method", "PATCH"},
                                          {"Access-Control-Request-Headers", "a,b c, d"}}});
  EXPECT_EQ(a.header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(a.header("Access-Control-Allow-Methods"), "PATCH");
  EXPECT_EQ(a.header("Access-Control-Allow-Headers"), "a, d");
  EXPECT_EQ(a.header("Access-Control-Max-Age"), "0");
}

TEST(cors, bad_options_are_refused) {
  for (const char* origin : {"example.org", "https://", "https://a/", "https://*", "https://a.*.b",
                             "https://u@a", "https://Example.org", "*.example.org", ""})
    EXPECT_FALSE(check(cors_options{.origins = {origin}})) << origin;
  EXPECT_TRUE(check(cors_options{.origins = {"*", "null", "moz-extension://abc"}}));
  EXPECT_FALSE(check(cors_options{.origins = {"*"}, .credentials = true}));
  EXPECT_FALSE(check(cors_options{.methods = {"GET POST"}}));
  EXPECT_FALSE(check(cors_options{.headers = {"a\r\nb"}}));
  EXPECT_FALSE(check(cors_options{.max_age = -1s}));
  EXPECT_THROW(cors({.origins = {"x"}}), std::invalid_argument);
}

} // namespace
