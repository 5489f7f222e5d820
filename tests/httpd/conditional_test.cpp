// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/conditional.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace perron::httpd {

void PrintTo(precondition p, std::ostream* out) {
  *out << (p == precondition::none_failed ? "none failed"
           : p == precondition::failed    ? "failed"
                                          : "not modified");
}

} // namespace perron::httpd

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;

using enum precondition;

constexpr http_time changed = std::chrono::sys_days(std::chrono::year(2020) / 5 / 4);
constexpr http_time now = changed + 24h;

const validators strong{.etag = "\"xyzzy\"", .last_modified = changed};

precondition check(std::vector<header_field> fields, std::string_view method = "GET",
                   const validators& current = strong) {
  return check_preconditions(header_view(fields), method, current, now);
}

const std::string before = to_http_date(changed - 1s);
const std::string same = to_http_date(changed);
const std::string after = to_http_date(changed + 1s);

TEST(rfc9110_8_8_3_2, comparison_of_entity_tags) {
  EXPECT_FALSE(equal_strongly("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(equal_weakly("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(equal_weakly("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(equal_strongly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(equal_weakly("W/\"1\"", "\"1\""));
  EXPECT_TRUE(equal_strongly("\"1\"", "\"1\""));
  EXPECT_FALSE(equal_strongly("1", "1"));
  EXPECT_FALSE(equal_weakly("w/\"1\"", "\"1\""));
}

TEST(rfc9110_8_8_3, etag_is_made_of_what_it_may_have) {
  EXPECT_EQ(make_etag("v7"), "\"v7\"");
  EXPECT_EQ(make_etag("v7", true), "W/\"v7\"");
  EXPECT_THROW(make_etag("a\"b"), std::invalid_argument);
  EXPECT_THROW(make_etag("a b"), std::invalid_argument);
  EXPECT_THROW(make_etag("a\r\n"), std::invalid_argument);
}

TEST(rfc9110_13_1_1, if_match_compares_strongly) {
  EXPECT_EQ(check({{"If-Match", "\"xyzzy\""}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Match", "\"a\", \"xyzzy\", \"c\""}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Match", "\"a\""}, {"If-Match", "\"xyzzy\""}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Match", "\"other\""}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-Match", "W/\"xyzzy\""}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-Match", "\"w\""}}, "PUT", {.etag = "W/\"w\""}), failed);
  EXPECT_EQ(check({{"If-Match", "xyzzy"}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-Match", ""}}, "PUT"), failed);
}

TEST(rfc9110_13_1_1, star_matches_what_exists) {
  EXPECT_EQ(check({{"If-Match", "*"}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Match", "*"}}, "PUT", {.exists = false}), failed);
  EXPECT_EQ(check({{"If-Match", "*"}}, "PUT", {}), none_failed);
}

TEST(rfc9110_13_1_2, if_none_match_compares_weakly) {
  EXPECT_EQ(check({{"If-None-Match", "\"xyzzy\""}}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "W/\"xyzzy\", \"r2d2xxxx\""}}, "HEAD"), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "\"xyzzy\""}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-None-Match", "\"other\""}}), none_failed);
  EXPECT_EQ(check({{"If-None-Match", "nonsense"}}), none_failed);
}

TEST(rfc9110_13_1_2, star_keeps_a_put_from_overwriting) {
  EXPECT_EQ(check({{"If-None-Match", "*"}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-None-Match", "*"}}, "PUT", {.exists = false}), none_failed);
  EXPECT_EQ(check({{"If-None-Match", "*"}}), not_modified);
}

TEST(rfc9110_13_1_2, commas_inside_a_tag_do_not_split_it) {
  EXPECT_EQ(check({{"If-None-Match", "\"a,\", \"b\""}}, "GET", {.etag = "\"a,\""}), not_modified);
  EXPECT_EQ(check({{"If-None-Match", "\"x,\"b\",y\""}}, "GET", {.etag = "\"b\""}), none_failed);
}

TEST(rfc9110_13_1_3, if_modified_since) {
  EXPECT_EQ(check({{"If-Modified-Since", before}}), none_failed);
  EXPECT_EQ(check({{"If-Modified-Since", same}}), not_modified);
  EXPECT_EQ(check({{"If-Modified-Since", after}}, "HEAD"), not_modified);
}

TEST(rfc9110_13_1_3, if_modified_since_is_ignored_where_it_says_nothing) {
  EXPECT_EQ(check({{"If-Modified-Since", "yesterday"}}), none_failed);
  EXPECT_EQ(check({{"If-Modified-Since", after}, {"If-Modified-Since", after}}), none_failed);
  EXPECT_EQ(check({{"If-Modified-Since", after}}, "POST"), none_failed);
  EXPECT_EQ(check({{"If-Modified-Since", after}}, "GET", {.etag = "\"a\""}), none_failed);
  EXPECT_EQ(check({{"If-None-Match", "\"other\""}, {"If-Modified-Since", after}}), none_failed);
}

TEST(rfc9110_13_1_4, if_unmodified_since) {
  EXPECT_EQ(check({{"If-Unmodified-Since", before}}, "PUT"), failed);
  EXPECT_EQ(check({{"If-Unmodified-Since", same}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Unmodified-Since", before}}), failed);
  EXPECT_EQ(check({{"If-Unmodified-Since", "nonsense"}}, "PUT"), none_failed);
  EXPECT_EQ(check({{"If-Unmodified-Since", before}}, "PUT", {.etag = "\"a\""}), none_failed);
  EXPECT_EQ(check({{"If-Match", "\"xyzzy\""}, {"If-Unmodified-Since", before}}, "PUT"), none_failed);
}

TEST(rfc9110_13_2_1, methods_that_select_nothing_have_no_preconditions) {
  for (const std::string_view method : {"OPTIONS", "CONNECT", "TRACE"})
    EXPECT_EQ(check({{"If-Match", "\"other\""}}, method), none_failed);
}

TEST(rfc9110_13_2_2, if_match_is_looked_at_before_if_none_match) {
  EXPECT_EQ(check({{"If-None-Match", "\"xyzzy\""}, {"If-Match", "\"other\""}}), failed);
  EXPECT_EQ(check({{"If-None-Match", "\"xyzzy\""}, {"If-Match", "\"xyzzy\""}}), not_modified);
  EXPECT_EQ(check({{"If-Modified-Since", after}, {"If-Unmodified-Since", before}}), failed);
}

TEST(rfc9110_8_8_2_1, last_modified_is_not_in_the_future) {
  response r;
  set_validators(r, {.etag = "\"a\"", .last_modified = http_time(std::chrono::years(400))});
  ASSERT_EQ(r.headers.size(), 2U);
  EXPECT_EQ(r.headers[0], (std::pair<std::string, std::string>("ETag", "\"a\"")));
  EXPECT_LT(parse_http_date(r.headers[1].second, now), http_time(std::chrono::years(300)));
}

} // namespace
