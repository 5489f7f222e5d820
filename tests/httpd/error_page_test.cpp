// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/error_page.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;

response page(std::string_view accept, int code, std::string_view why = {}) {
  const std::array<header_field, 1> fields{header_field{"Accept", accept}};
  return error_page(header_view(fields), code, why);
}

TEST(error_page, is_text_unless_something_else_is_liked_better) {
  for (const auto& r : {error_page({}, 404), page("*/*", 404), page("image/png", 404), page("text/*", 404)}) {
    EXPECT_EQ(r.status, 404);
    EXPECT_EQ(r.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(r.body, "404 Not Found\n");
  }
  EXPECT_EQ(page("", 400, "no such room").body, "400 Bad Request\nno such room\n");
  EXPECT_EQ(page("", 599).body, "599 \n");
}

TEST(error_page, is_html_for_browsers_and_escaped) {
  const auto r = page("text/html,application/xhtml+xml,*/*;q=0.8", 400, "<script>");
  EXPECT_EQ(r.content_type, "text/html; charset=utf-8");
  EXPECT_NE(r.body.find("<h1>400 Bad Request</h1>"), std::string::npos);
  EXPECT_NE(r.body.find("<p>&lt;script&gt;</p>"), std::string::npos);
}

TEST(rfc9457_3, error_page_is_a_problem_for_programs) {
  const auto r = page("application/problem+json", 409, "\"taken\" \xff");
  EXPECT_EQ(r.content_type, "application/problem+json");
  EXPECT_EQ(r.body, "{\"status\":409,\"title\":\"Conflict\",\"detail\":\"\\\"taken\\\" \xef\xbf\xbd\"}\n");
  EXPECT_EQ(page("application/json", 404).content_type, "application/json");
  EXPECT_EQ(page("application/json", 404).body, "{\"status\":404,\"title\":\"Not Found\"}\n");
}

TEST(rfc9110_12_5_5, error_page_varies_with_accept) {
  ASSERT_EQ(error_page({}, 404).headers.size(), 1U);
  EXPECT_EQ(error_page({}, 404).headers[0], (std::pair<std::string, std::string>("Vary", "Accept")));
}

TEST(escape_html, every_character_with_a_meaning_is_replaced) {
  EXPECT_EQ(escape_html("a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&#39;c");
  EXPECT_EQ(escape_html(""), "");
}

} // namespace
