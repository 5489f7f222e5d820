// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/cookies.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs read(std::string_view field) {
  const std::array<header_field, 1> fields{header_field{"Cookie", field}};
  pairs all;
  cookies_view(header_view(fields)).each([&](std::string_view name, std::string_view value) {
    all.emplace_back(name, value);
  });
  return all;
}

std::string written(const cookie& c) {
  const auto text = to_set_cookie(c);
  return text ? *text : text.error().text;
}

TEST(rfc6265bis_4_2_1, cookies_are_pairs_behind_semicolons) {
  EXPECT_EQ(read("SID=31d4d96e407aad42; lang=en-US"),
            (pairs{{"SID", "31d4d96e407aad42"}, {"lang", "en-US"}}));
  EXPECT_EQ(read("a=b;c=d ;  e=\tf"), (pairs{{"a", "b"}, {"c", "d"}, {"e", "f"}}));
  EXPECT_EQ(read("a=b=c"), (pairs{{"a", "b=c"}}));
  EXPECT_EQ(read("a="), (pairs{{"a", ""}}));
}

TEST(rfc6265bis_4_2_1, what_is_no_pair_costs_no_other_cookie) {
  EXPECT_EQ(read("x; a=b; =nameless; ; bad name=1; c=d;"), (pairs{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read(""), pairs{});
  EXPECT_EQ(read(";;;"), pairs{});
}

TEST(rfc6265bis_5_6, quotes_and_odd_bytes_are_part_of_the_value) {
  EXPECT_EQ(read("a=\"b c\"; d=x,y; e=\xc3\xa4"), (pairs{{"a", "\"b c\""}, {"d", "x,y"}, {"e", "\xc3\xa4"}}));
  EXPECT_EQ(read("$Version=1; a=b"), (pairs{{"$Version", "1"}, {"a", "b"}}));
}

TEST(cookies, first_of_a_name_wins_and_names_have_case) {
  const std::array<header_field, 3> fields{header_field{"cookie", "a=1; A=2"}, header_field{"Host", "x"},
                                           header_field{"Cookie", "a=3; b=4"}};
  const cookies_view all{header_view(fields)};
  EXPECT_EQ(all.get("a"), "1");
  EXPECT_EQ(all.get("A"), "2");
  EXPECT_EQ(all.get("b"), "4");
  EXPECT_FALSE(all.get("B"));
  EXPECT_FALSE(cookies_view().contains("a"));
}

TEST(rfc6265bis_4_1_1, cookie_is_safe_unless_told_otherwise) {
  EXPECT_EQ(written({.name = "session", .value = "abc"}),
            "session=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
}

TEST(rfc6265bis_4_1_2, every_attribute_is_written) {
  EXPECT_EQ(
      written({.name = "a",
               .value = "b",
               .path = "/x y",
               .domain = "example.org",
               .max_age = 3600s,
               .expires = http_time(1s),
               .site = same_site::none,
               .partitioned = true}),
      "a=b; Max-Age=3600; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Domain=example.org; Path=/x y; Secure; "
      "HttpOnly; SameSite=None; Partitioned");
  EXPECT_EQ(
      written({.name = "a", .path = "", .site = same_site::strict, .secure = false, .http_only = false}),
      "a=; SameSite=Strict");
}

TEST(rfc6265bis_4_1_1, zero_age_is_sent_as_a_past_date) {
  EXPECT_EQ(written({.name = "a", .max_age = 0s, .secure = false}),
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax");
  response r;
  delete_cookie(r, {.name = "__Host-a", .value = "old"});
  ASSERT_EQ(r.headers.size(), 1U);
  EXPECT_EQ(r.headers[0].second,
            "__Host-a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax");
}

TEST(rfc6265bis_4_1_1, bytes_that_split_a_field_are_refused) {
  for (const std::string_view value :
       {"a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nSet-Cookie: x=y", "\x7f", "\xc3\xa4"})
    EXPECT_FALSE(to_set_cookie({.name = "a", .value = std::string(value)})) << value;
  for (const std::string_view name : {"", "a b", "a=b", "a;b", "a\n"})
    EXPECT_FALSE(to_set_cookie({.name = std::string(name)})) << name;
  for (const std::string_view path : {"x", "/a;Domain=evil", "/a\r\n", "/\x7f"})
    EXPECT_FALSE(to_set_cookie({.name = "a", .path = std::string(path)})) << path;
  for (const std::string_view domain : {".", "a..b", ".a", "a.", "a b", "a;b", "a:80"})
    EXPECT_FALSE(to_set_cookie({.name = "a", .domain = std::string(domain)})) << domain;
}

TEST(rfc6265bis_4_1_3_1, secure_prefix_needs_secure) {
  EXPECT_TRUE(to_set_cookie({.name = "__Secure-a"}));
  EXPECT_FALSE(to_set_cookie({.name = "__Secure-a", .secure = false}));
  EXPECT_FALSE(to_set_cookie({.name = "__secure-a", .secure = false}));
}

TEST(rfc6265bis_4_1_3_2, host_prefix_needs_secure_root_and_no_domain) {
  EXPECT_TRUE(to_set_cookie({.name = "__Host-a"}));
  EXPECT_FALSE(to_set_cookie({.name = "__Host-a", .secure = false}));
  EXPECT_FALSE(to_set_cookie({.name = "__Host-a", .path = "/x"}));
  EXPECT_FALSE(to_set_cookie({.name = "__Host-a", .path = ""}));
  EXPECT_FALSE(to_set_cookie({.name = "__HOST-a", .domain = "example.org"}));
}

TEST(rfc6265bis_5_7, same_site_none_and_partitioned_need_secure) {
  EXPECT_EQ(written({.name = "a", .site = same_site::none, .secure = false}),
            "cookie \"a\" is SameSite=None and not Secure, which browsers refuse");
  EXPECT_FALSE(to_set_cookie({.name = "a", .secure = false, .partitioned = true}));
}

TEST(rfc6265bis_5_6, what_browsers_would_drop_for_its_size_is_refused) {
  EXPECT_TRUE(to_set_cookie({.name = "a", .value = std::string(4095, 'x')}));
  EXPECT_FALSE(to_set_cookie({.name = "a", .value = std::string(4096, 'x')}));
  EXPECT_TRUE(to_set_cookie({.name = "a", .path = '/' + std::string(1023, 'x')}));
  EXPECT_FALSE(to_set_cookie({.name = "a", .path = '/' + std::string(1024, 'x')}));
}

TEST(cookies, set_cookie_adds_a_field_or_throws) {
  response r;
  set_cookie(r, {.name = "a", .value = "1"});
  set_cookie(r, {.name = "b", .value = "2"});
  ASSERT_EQ(r.headers.size(), 2U);
  EXPECT_EQ(r.headers[1].first, "Set-Cookie");
  EXPECT_THROW(set_cookie(r, {.name = "c", .value = "\n"}), std::invalid_argument);
  EXPECT_EQ(r.headers.size(), 2U);
}

} // namespace
