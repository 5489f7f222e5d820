// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/headers.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;

constexpr std::array<header_field, 5> some_fields{{
    {"Accept", "text/html"},
    {"CONNECTION", "keep-alive , Upgrade"},
    {"accept", "*/*"},
    {"Connection", ",, x"},
    {"Empty", ""},
}};

TEST(header_view, finds_the_first_of_a_name_in_any_case) {
  const header_view headers(some_fields);
  EXPECT_EQ(headers.find("ACCEPT"), "text/html");
  EXPECT_EQ(headers.find("empty"), "");
  EXPECT_EQ(headers.find("accep"), std::nullopt);
  EXPECT_EQ(headers.find(""), std::nullopt);
  EXPECT_TRUE(headers.contains("connection"));
  EXPECT_EQ(header_view{}.find("accept"), std::nullopt);
}

TEST(header_view, gives_all_values_of_a_name_in_order) {
  const header_view headers(some_fields);
  std::vector<std::string_view> values;
  headers.each("accept", [&](std::string_view value) { values.push_back(value); });
  EXPECT_EQ(values, (std::vector<std::string_view>{"text/html", "*/*"}));
  EXPECT_EQ(headers.count("accept"), 2U);
  EXPECT_EQ(headers.size(), 5U);
}

TEST(header_view, looks_for_tokens_in_all_fields_of_a_name) {
  const header_view headers(some_fields);
  EXPECT_TRUE(headers.contains_token("connection", "upgrade"));
  EXPECT_TRUE(headers.contains_token("connection", "KEEP-ALIVE"));
  EXPECT_TRUE(headers.contains_token("connection", "x"));
  EXPECT_FALSE(headers.contains_token("connection", "keep"));
  EXPECT_FALSE(headers.contains_token("connection", ""));
  EXPECT_FALSE(headers.contains_token("empty", "x"));
}

TEST(header_view, rfc9110_5_6_1_list_elements) {
  std::vector<std::string_view> elements;
  each_list_element(" a ,,\tb c , ", [&](std::string_view element) {
    elements.push_back(element);
    return true;
  });
  EXPECT_EQ(elements, (std::vector<std::string_view>{"a", "b c"}));
}

TEST(header_view, case_is_ignored_for_ascii_letters_only) {
  EXPECT_TRUE(equal_ignoring_case("aZ-9_", "Az-9_"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("\xc4", "\xe4"));
}

} // namespace
