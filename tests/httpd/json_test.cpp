// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/json.hpp>

#include "httpd/server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace perron::testing {
namespace {

using httpd::http_error;
using ::testing::HasSubstr;

struct point {
  int x = 0;
  int y = 0;
};

void from_json(const nlohmann::json& from, point& to) {
  from.at("x").get_to(to.x);
  from.at("y").get_to(to.y);
}

std::string fault_of(std::string_view text) {
  try {
    static_cast<void>(httpd::parse_json(text));
  } catch (const http_error& e) {
    return std::to_string(e.status()) + ' ' + e.what();
  }
  return "none";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(json_body, fault_says_where_it_is) {
  EXPECT_THAT(fault_of("{\"a\": 1,}"), HasSubstr("400 the body is no JSON: parse error at line 1, column 9"));
  EXPECT_THAT(fault_of(""), HasSubstr("400 the body is no JSON: parse error at line 1, column 1"));
  EXPECT_THAT(
      fault_of("\"\xff\""),
      HasSubstr("column 2: syntax error while parsing value - invalid string: ill-formed UTF-8 byte"));
  EXPECT_EQ(fault_of("1 "), "none");
}

TEST(json_body, depth_is_bounded) {
  EXPECT_EQ(fault_of(nested(httpd::max_json_depth)), "none");
  EXPECT_EQ(fault_of(nested(httpd::max_json_depth + 1)), "400 the JSON is nested deeper than 64 levels");
  EXPECT_EQ(fault_of(std::string(1'000'000, '[')), "400 the JSON is nested deeper than 64 levels");
}

TEST(json_response, bytes_that_are_no_text_are_replaced) {
  const auto r = httpd::json_response({{"a", "\xff"}, {"b", {1, 2}}}, 201);
  EXPECT_EQ(r.status, 201);
  EXPECT_EQ(r.content_type, "application/json");
  EXPECT_EQ(r.body, "{\"a\":\"\xef\xbf\xbd\",\"b\":[1,2]}");
}

class json_over_http : public server_fixture {
protected:
  void SetUp() override {
    server_fixture::SetUp();
    httpd::router r;
    r.post("/any", [](httpd::request& q) { return httpd::json_response(httpd::json_body(q)); });
    r.post("/point", [](httpd::request& q) {
      const auto p = httpd::json_body<point>(q);
      return httpd::json_response({{"sum", p.x + p.y}});
    });
    serve(std::move(r));
  }

  answer post(std::string_view target, std::string_view type, std::string_view body) {
    return client().ask("POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" +
                        (type.empty() ? "" : "Content-Type: " + std::string(type) + "\r\n") +
                        "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
};

TEST_F(json_over_http, comes_in_and_goes_out) {
  EXPECT_EQ(post("/any", "application/json", "{\"a\": [1, null]}").body, "{\"a\":[1,null]}");
  EXPECT_EQ(post("/any", "application/merge-patch+json; charset=utf-8", "7").body, "7");
  EXPECT_EQ(post("/point", "application/json", "{\"x\": 1, \"y\": 2}").body, "{\"sum\":3}");
}

TEST_F(json_over_http, other_types_are_415) {
  EXPECT_EQ(post("/any", "", "7").status, 415);
  EXPECT_EQ(post("/any", "text/plain", "7").status, 415);
  EXPECT_EQ(post("/any", "application/x-www-form-urlencoded", "7").status, 415);
}

TEST_F(json_over_http, malformed_is_400_and_unfit_422) {
  const auto malformed = post("/any", "application/json", "[1,");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_THAT(malformed.body, HasSubstr("line 1, column 4"));
  const auto unfit = post("/point", "application/json", "{\"x\": \"one\", \"y\": 2}");
  EXPECT_EQ(unfit.status, 422);
  EXPECT_THAT(unfit.body, HasSubstr("type must be number, but is string"));
  EXPECT_THAT(post("/point", "application/json", "{\"x\": 1}").body, HasSubstr("key 'y' not found"));
}

} // namespace
} // namespace perron::testing
