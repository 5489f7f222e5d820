// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/router.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

using test_router = basic_router<std::string>;

/// "handler name=value name=value", or "404", or "405 allowed methods".
std::string answer(const test_router& router, std::string_view method, std::string_view path) {
  const auto found = router.lookup(method, path);
  if (found.outcome == route_outcome::not_found)
    return "404";
  if (found.outcome == route_outcome::method_not_allowed)
    return "405 " + router.allow_value(found.allowed);
  std::string text = *found.handler;
  for (std::size_t i = 0; i < found.params.size(); ++i)
    text += " " + std::string(found.params.name(i)) + "=" + std::string(found.params.value(i));
  return text;
}

void add(test_router& router, std::string_view method, std::string_view pattern, std::string_view name) {
  const auto added = router.add(method, pattern, std::string(name));
  ASSERT_TRUE(added) << added.error().text;
}

std::string fault(std::string_view pattern, std::string_view method = "GET") {
  test_router router;
  const auto added = router.add(method, pattern, "");
  EXPECT_EQ(router.size(), added ? 1U : 0U);
  return added ? "" : added.error().text;
}

test_router chat() {
  test_router router;
  add(router, "GET", "/", "home");
  add(router, "GET", "/rooms", "list");
  add(router, "POST", "/rooms", "open");
  add(router, "GET", "/rooms/:room/messages", "read");
  add(router, "POST", "/rooms/:id/messages", "post");
  add(router, "GET", "/rooms/lobby/messages", "lobby");
  add(router, "DELETE", "/rooms/:room", "close");
  add(router, "GET", "/static/*rest", "file");
  add(router, "GET", "/static/app.js", "app");
  return router;
}

TEST(router, finds_literals_parameters_and_wildcards) {
  const auto router = chat();
  EXPECT_EQ(answer(router, "GET", "/"), "home");
  EXPECT_EQ(answer(router, "GET", "/rooms"), "list");
  EXPECT_EQ(answer(router, "POST", "/rooms"), "open");
  EXPECT_EQ(answer(router, "GET", "/rooms/a/messages"), "read room=a");
  EXPECT_EQ(answer(router, "POST", "/rooms/a/messages"), "post id=a");
  EXPECT_EQ(answer(router, "GET", "/static/css/a.css"), "file rest=css/a.css");
  EXPECT_EQ(answer(router, "GET", "/static/app.js"), "app");
}

TEST(router, what_no_pattern_has_is_not_found) {
  const auto router = chat();
  for (const std::string_view path :
       {"/room", "/roomss", "/rooms/", "/rooms//messages", "/rooms/a/messages/", "/rooms/a/b", "//",
        "/static", "", "rooms", "*", "/ROOMS", "/rooms/a/messages/b/c/d/e/f"})
    EXPECT_EQ(answer(router, "GET", path), "404") << path;
}

TEST(router, other_methods_are_not_allowed) {
  const auto router = chat();
  EXPECT_EQ(answer(router, "PUT", "/rooms"), "405 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(answer(router, "GET", "/rooms/a"), "405 DELETE, OPTIONS");
  EXPECT_EQ(answer(router, "HEAD", "/rooms/a"), "405 DELETE, OPTIONS");
  EXPECT_EQ(answer(router, "BREW", "/"), "405 GET, HEAD, OPTIONS");
  EXPECT_EQ(answer(router, "get", "/"), "405 GET, HEAD, OPTIONS");
  EXPECT_EQ(answer(router, "BREW", "/nowhere"), "404");
}

TEST(router, head_is_answered_by_get_unless_it_has_a_route) {
  auto router = chat();
  EXPECT_EQ(answer(router, "HEAD", "/rooms/a/messages"), "read room=a");
  add(router, "HEAD", "/rooms/:room/messages", "head");
  EXPECT_EQ(answer(router, "HEAD", "/rooms/a/messages"), "head room=a");
  EXPECT_EQ(answer(router, "GET", "/rooms/a/messages"), "read room=a");
}

TEST(router, options_is_left_to_the_caller_unless_it_has_a_route) {
  auto router = chat();
  EXPECT_EQ(answer(router, "OPTIONS", "/rooms"), "405 GET, HEAD, POST, OPTIONS");
  add(router, "OPTIONS", "/rooms", "own");
  EXPECT_EQ(answer(router, "OPTIONS", "/rooms"), "own");
  EXPECT_EQ(answer(router, "PUT", "/rooms"), "405 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.allow_value(router.all_methods()), "GET, HEAD, POST, DELETE, OPTIONS");
}

TEST(router, literals_win_over_parameters_over_wildcards_whatever_the_order) {
  const std::vector<std::string_view> patterns{"/a/:x", "/a/b", "/a/*r", "/:y/b", "/*all", "/:y/:x"};
  for (std::size_t first = 0; first < patterns.size(); ++first) {
    test_router router;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      const auto pattern = patterns[(first + i) % patterns.size()];
      add(router, "GET", pattern, pattern);
    }
    EXPECT_EQ(answer(router, "GET", "/a/b"), "/a/b");
    EXPECT_EQ(answer(router, "GET", "/a/c"), "/a/:x x=c");
    EXPECT_EQ(answer(router, "GET", "/a/c/d"), "/a/*r r=c/d");
    EXPECT_EQ(answer(router, "GET", "/a/"), "/a/*r r=");
    EXPECT_EQ(answer(router, "GET", "/c/b"), "/:y/b y=c");
    EXPECT_EQ(answer(router, "GET", "/c/d"), "/:y/:x y=c x=d");
    EXPECT_EQ(answer(router, "GET", "/c/d/e"), "/*all all=c/d/e");
    EXPECT_EQ(answer(router, "GET", "/"), "/*all all=");
  }
}

TEST(router, goes_back_where_a_choice_leads_nowhere) {
  test_router router;
  add(router, "GET", "/a/b/c", "literal");
  add(router, "GET", "/:x/b/d", "outer");
  add(router, "GET", "/:x/:y/e", "both");
  EXPECT_EQ(answer(router, "GET", "/a/b/c"), "literal");
  EXPECT_EQ(answer(router, "GET", "/a/b/d"), "outer x=a");
  EXPECT_EQ(answer(router, "GET", "/a/b/e"), "both x=a y=b");
  EXPECT_EQ(answer(router, "GET", "/a/b/f"), "404");
}

TEST(router, goes_back_for_the_method_too_and_allows_all_on_the_way) {
  test_router router;
  add(router, "GET", "/a/b", "get");
  add(router, "POST", "/a/:x", "post");
  add(router, "PUT", "/*rest", "put");
  EXPECT_EQ(answer(router, "POST", "/a/b"), "post x=b");
  EXPECT_EQ(answer(router, "PUT", "/a/b"), "put rest=a/b");
  EXPECT_EQ(answer(router, "DELETE", "/a/b"), "405 GET, HEAD, POST, PUT, OPTIONS");
  EXPECT_EQ(answer(router, "HEAD", "/a/b"), "get");
}

TEST(router, trailing_slash_is_a_path_of_its_own) {
  test_router router;
  add(router, "GET", "/a", "without");
  add(router, "GET", "/a/", "with");
  add(router, "GET", "/:x/", "param");
  EXPECT_EQ(answer(router, "GET", "/a"), "without");
  EXPECT_EQ(answer(router, "GET", "/a/"), "with");
  EXPECT_EQ(answer(router, "GET", "/b/"), "param x=b");
  EXPECT_EQ(answer(router, "GET", "/b"), "404");
}

TEST(router, literals_are_compared_decoded_and_kept_escapes_as_they_are) {
  test_router router;
  add(router, "GET", "/gr\xc3\xbc\xc3\x9f\x65 dich/a%2Fb", "greeting");
  EXPECT_EQ(answer(router, "GET", "/gr\xc3\xbc\xc3\x9f\x65 dich/a%2Fb"), "greeting");
  EXPECT_EQ(answer(router, "GET", "/gr\xc3\xbc\xc3\x9f\x65 dich/a/b"), "404");
}

TEST(router, an_encoded_slash_does_not_end_a_parameter) {
  test_router router;
  add(router, "GET", "/:x", "one");
  EXPECT_EQ(answer(router, "GET", "/a%2Fb"), "one x=a%2Fb");
}

TEST(router, parameters_by_name) {
  const auto router = chat();
  const auto found = router.lookup("GET", "/rooms/a/messages");
  EXPECT_EQ(found.params.get("room"), "a");
  EXPECT_EQ(found.params.get("id"), std::nullopt);
}

TEST(router, eight_parameters_and_no_more) {
  test_router router;
  add(router, "GET", "/:a/:b/:c/:d/:e/:f/:g/*h", "eight");
  EXPECT_EQ(answer(router, "GET", "/1/2/3/4/5/6/7/8/9"), "eight a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8/9");
  EXPECT_EQ(fault("/:a/:b/:c/:d/:e/:f/:g/:h/:i"),
            "route GET /:a/:b/:c/:d/:e/:f/:g/:h/:i has more than 8 parameters");
}

TEST(router, holds_many_routes) {
  test_router router;
  for (int i = 0; i < 2000; ++i)
    add(router, "GET", "/api/" + std::to_string(i) + "/:x", std::to_string(i));
  for (int i = 0; i < 2000; ++i)
    EXPECT_EQ(answer(router, "GET", "/api/" + std::to_string(i) + "/y"), std::to_string(i) + " x=y");
  EXPECT_EQ(answer(router, "GET", "/api/2000/y"), "404");
}

TEST(router, handlers_may_be_move_only) {
  basic_router<std::unique_ptr<int>> router;
  ASSERT_TRUE(router.add("GET", "/", std::make_unique<int>(7)));
  EXPECT_EQ(**router.lookup("GET", "/").handler, 7);
}

TEST(router, malformed_patterns_are_errors) {
  EXPECT_EQ(fault(""), "route GET  does not begin with '/'");
  EXPECT_EQ(fault("a"), "route GET a does not begin with '/'");
  EXPECT_EQ(fault("/a//b"), "route GET /a//b has an empty segment");
  EXPECT_EQ(fault("//"), "route GET // has an empty segment");
  EXPECT_EQ(fault("/a/../b"), "route GET /a/../b has a dot segment, which no normalised path has");
  EXPECT_EQ(fault("/a:b"), "route GET /a:b has ':' or '*' inside a segment; a parameter is a whole segment");
  EXPECT_EQ(fault("/*.js"), "route GET /*.js has a parameter whose name is not letters, digits and '_'");
  EXPECT_EQ(fault("/:"), "route GET /: has a parameter whose name is not letters, digits and '_'");
  EXPECT_EQ(fault("/:1"), "route GET /:1 has a parameter whose name is not letters, digits and '_'");
  EXPECT_EQ(fault("/:a/:a"), "route GET /:a/:a has two parameters of one name");
  EXPECT_EQ(fault("/*a/b"), "route GET /*a/b has something behind its wildcard");
  EXPECT_EQ(fault("/*a/"), "route GET /*a/ has something behind its wildcard");
  EXPECT_EQ(fault("/a?b"), "route GET /a?b has '?' or '#', which no path has");
  EXPECT_EQ(fault("/a%20b"), "route GET /a%20b has an escape other than %2F and %25; write the rest decoded");
  EXPECT_EQ(fault("/a\n"), "route GET /a\n has a control character");
  EXPECT_EQ(fault("/", "G T"), "route G T / has a method that is not a token");
  EXPECT_EQ(fault("/", ""), "route  / has a method that is not a token");
  std::string deep;
  for (int i = 0; i < 65; ++i)
    deep += "/a";
  EXPECT_EQ(fault(deep), "route GET " + deep + " has more than 64 segments");
  EXPECT_EQ(fault(deep.substr(2)), "");
}

TEST(router, conflicts_are_errors_that_name_the_other_route) {
  test_router router;
  add(router, "GET", "/rooms/:room", "first");
  add(router, "GET", "/static/*rest", "files");
  const auto same = router.add("GET", "/rooms/:id", "second");
  ASSERT_FALSE(same);
  EXPECT_EQ(same.error().text, "route GET /rooms/:id matches the same requests as GET /rooms/:room");
  EXPECT_FALSE(router.add("GET", "/static/*path", "second"));
  EXPECT_EQ(router.size(), 2U);
  EXPECT_EQ(answer(router, "GET", "/rooms/a"), "first room=a");
  add(router, "GET", "/static/:name", "not a conflict");
  EXPECT_EQ(answer(router, "GET", "/static/a"), "not a conflict name=a");
}

TEST(router, sixty_three_methods_and_no_more) {
  test_router router;
  for (int i = 0; i < 61; ++i)
    add(router, "M" + std::to_string(i), "/", "");
  EXPECT_FALSE(router.add("M61", "/", ""));
  add(router, "GET", "/", "get");
  EXPECT_EQ(answer(router, "GET", "/"), "get");
}

TEST(router, any_method_takes_what_its_pattern_has_no_other_route_for) {
  test_router router;
  add(router, "*", "/any", "any");
  add(router, "GET", "/any", "get");
  add(router, "POST", "/:x", "post");
  add(router, "*", "/*rest", "rest");
  EXPECT_EQ(answer(router, "GET", "/any"), "get");
  EXPECT_EQ(answer(router, "HEAD", "/any"), "get");
  EXPECT_EQ(answer(router, "POST", "/any"), "any");
  EXPECT_EQ(answer(router, "BREW", "/any"), "any");
  EXPECT_EQ(answer(router, "OPTIONS", "/any"), "any");
  EXPECT_EQ(answer(router, "*", "/any"), "any");
  EXPECT_EQ(answer(router, "POST", "/b"), "post x=b");
  EXPECT_EQ(answer(router, "PUT", "/b"), "rest rest=b");
  EXPECT_EQ(router.allow_value(router.all_methods()), "GET, HEAD, POST, OPTIONS");
}

} // namespace
