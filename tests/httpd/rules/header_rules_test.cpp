// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/rules/header_rules.hpp>

#include <perron/httpd/test_client.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace perron::httpd;
using enum header_action;

test_client serve(std::vector<header_rule> rules, handler h) {
  router r;
  r.use(header_rules(std::move(rules)));
  r.any("/*path", std::move(h));
  return test_client(std::move(r));
}

response with_fields(request&) {
  response r = text("x");
  r.headers = {{"X-A", "1"}, {"x-a", "2"}, {"X-B", "b"}};
  return r;
}

TEST(header_rules, add_set_and_erase) {
  auto client =
      serve({{add, "X-B", "more"}, {set, "X-A", "3"}, {set_if_new, "X-A", "4"}, {set_if_new, "X-C", "5"}},
            with_fields);
  EXPECT_EQ(client.get("/").headers, (header_list{{"Content-Type", "text/plain; charset=utf-8"},
                                                  {"X-B", "b"},
                                                  {"X-B", "more"},
                                                  {"X-A", "3"},
                                                  {"X-C", "5"}}));
  client = serve({{.action = erase, .name = "x-A"}, {.action = erase, .name = "None"}}, with_fields);
  EXPECT_EQ(client.get("/").headers,
            (header_list{{"Content-Type", "text/plain; charset=utf-8"}, {"X-B", "b"}}));
}

TEST(header_rules, content_type_is_a_field_like_others) {
  auto client = serve({{set, "content-type", "text/css"}, {add, "Content-Type", "no"}}, with_fields);
  EXPECT_EQ(client.get("/").header("Content-Type"), "text/css");
  client =
      serve({{.action = erase, .name = "Content-Type"}, {set_if_new, "Content-Type", "a/b"}}, with_fields);
  EXPECT_EQ(client.get("/").header("Content-Type"), "a/b");
}

TEST(header_rules, errors_and_streams_have_them_too) {
  const auto fails = [](request&) -> response { throw http_error(404, ""); };
  EXPECT_EQ(serve({{set, "X-A", "1"}}, fails).get("/").header("X-A"), "1");
  EXPECT_EQ(
      serve({{.action = set, .name = "X-A", .value = "1", .on_errors = false}}, fails).get("/").header("X-A"),
      "");
  EXPECT_EQ(serve({{set, "X-A", "1"}}, [](request& r) { return r.begin({}).end(); }).get("/").header("X-A"),
            "1");
}

TEST(rfc9110_5_5, what_would_begin_another_field_is_refused) {
  for (const header_rule& rule : std::vector<header_rule>{{set, "X-A", "1\r\nSet-Cookie: x"},
                                                          {set, "X-A", "1\n"},
                                                          {set, "X-A: 1\r\nX-B", "1"},
                                                          {set, "", "1"},
                                                          {set, "X A", "1"},
                                                          {set, "X-A", " 1"},
                                                          {set, "content-length", "1"},
                                                          {.action = erase, .name = "Transfer-Encoding"},
                                                          {add, "Connection", "close"},
                                                          {erase, "X-A", "1"}}) {
    EXPECT_FALSE(check(rule)) << rule.name;
    EXPECT_THROW(header_rules({rule}), std::invalid_argument) << rule.name;
  }
}

} // namespace
