// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/media_type.hpp>
#include <perron/httpd/parameters.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

TEST(rfc9110_5_6_6, parameters_have_tokens_or_quoted_strings) {
  const auto p = parameters_view::parse("; charset=utf-8;q=0.5 ; title=\"a \\\"b\\\"; c\"");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->find("charset"), "utf-8");
  EXPECT_EQ(p->find("Q"), "0.5");
  EXPECT_EQ(p->find("title"), "a \"b\"; c");
  EXPECT_EQ(p->find_raw("title"), "\"a \\\"b\\\"; c\"");
  EXPECT_FALSE(p->find("c"));
}

TEST(rfc9110_5_6_6, empty_parameters_are_skipped_and_blanks_around_equals_refused) {
  EXPECT_TRUE(parameters_view::parse(""));
  EXPECT_TRUE(parameters_view::parse(";"));
  EXPECT_EQ(parameters_view::parse("; ;; a=b;")->find("a"), "b");
  for (const std::string_view text : {"a=b", "; a =b", "; a= b", "; a", "; =b", "; a=", "; a=\"b",
                                      "; a=\"b\\", "; a=\"b\"c", "; a=b c", "; a=\"b\x01\"", "; a=\"\\\n\""})
    EXPECT_FALSE(parameters_view::parse(text)) << text;
}

TEST(rfc9110_5_6_4, quoted_string_is_unquoted) {
  EXPECT_EQ(unquote("plain"), "plain");
  EXPECT_EQ(unquote("\"\""), "");
  EXPECT_EQ(unquote("\"a\\\\b\\c\""), "a\\bc");
}

TEST(rfc9110_5_6_1, list_elements_are_cut_at_commas_outside_of_quotes) {
  std::string_view list = " ,, a;x=\"1,2\\\",3\" ,b,";
  std::vector<std::string> elements;
  while (const auto element = cut_list_element(list))
    elements.emplace_back(*element);
  EXPECT_EQ(elements, (std::vector<std::string>{"a;x=\"1,2\\\",3\"", "b"}));
  list = "a\"b,c";
  EXPECT_EQ(cut_list_element(list), "a\"b,c");
  EXPECT_FALSE(cut_list_element(list));
}

TEST(rfc9110_8_3_1, media_type_is_taken_apart) {
  const auto m = parse_media_type(" Text/HTML ; Charset=\"utf-8\"");
  ASSERT_TRUE(m);
  EXPECT_TRUE(m->is("text/html"));
  EXPECT_FALSE(m->is("text/htm"));
  EXPECT_FALSE(m->is("text"));
  EXPECT_EQ(m->parameters.find("charset"), "utf-8");
  for (const std::string_view text :
       {"", "text", "text/", "/html", "text/html/x", "te xt/html", "text/html; x", "text;html"})
    EXPECT_FALSE(parse_media_type(text)) << text;
}

TEST(rfc6839_3_1, json_suffix_is_json) {
  EXPECT_TRUE(parse_media_type("application/json; charset=utf-8")->is_json());
  EXPECT_TRUE(parse_media_type("application/problem+JSON")->is_json());
  EXPECT_FALSE(parse_media_type("application/jsonp")->is_json());
  EXPECT_FALSE(parse_media_type("text/plain")->is_json());
  EXPECT_FALSE(parse_media_type("application/+json")->is_json());
}

} // namespace
