// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/range.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace perron::httpd;
using namespace std::chrono_literals;

/// "first+length", "whole" or "unsatisfiable".
std::string told(const byte_range& r) {
  if (r.outcome != range_outcome::part)
    return r.outcome == range_outcome::whole ? "whole" : "unsatisfiable";
  return std::to_string(r.first) + '+' + std::to_string(r.length);
}

std::string range(std::string_view field, std::uint64_t size = 10'000) {
  return told(parse_range(field, size));
}

TEST(rfc9110_14_1_2, first_and_last_position_are_inclusive) {
  EXPECT_EQ(range("bytes=0-499"), "0+500");
  EXPECT_EQ(range("bytes=500-999"), "500+500");
  EXPECT_EQ(range("bytes=0-0"), "0+1");
  EXPECT_EQ(range("bytes=9500-"), "9500+500");
  EXPECT_EQ(range("bytes=9999-20000"), "9999+1");
}

TEST(rfc9110_14_1_2, suffix_is_counted_from_the_end) {
  EXPECT_EQ(range("bytes=-500"), "9500+500");
  EXPECT_EQ(range("bytes=-20000"), "0+10000");
  EXPECT_EQ(range("bytes=-1"), "9999+1");
}

TEST(rfc9110_14_1_2, what_begins_behind_the_end_is_unsatisfiable) {
  EXPECT_EQ(range("bytes=10000-"), "unsatisfiable");
  EXPECT_EQ(range("bytes=10000-10001, 20000-"), "unsatisfiable");
  EXPECT_EQ(range("bytes=-0"), "unsatisfiable");
  EXPECT_EQ(range("bytes=0-", 0), "unsatisfiable");
  EXPECT_EQ(range("bytes=-5", 0), "whole");
  EXPECT_EQ(range("bytes=0-1, 20000-"), "0+2");
}

TEST(rfc9110_14_1_2, positions_of_any_length_are_understood) {
  EXPECT_EQ(range("bytes=0-99999999999999999999999999"), "0+10000");
  EXPECT_EQ(range("bytes=99999999999999999999999999-"), "unsatisfiable");
  EXPECT_EQ(range("bytes=-99999999999999999999999999"), "0+10000");
  EXPECT_EQ(range("bytes=18446744073709551614-18446744073709551615", UINT64_MAX), "18446744073709551614+1");
}

TEST(rfc9110_14_2, what_is_no_range_is_ignored) {
  for (const std::string_view field :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1 - 2", "bytes=1", "lines=1-2",
        "bytes =0-1", "bytes=0-1,x", "bytes=--1", "bytes=+1-2", "bytes=0x1-2", "0-1"})
    EXPECT_EQ(range(field), "whole") << field;
}

TEST(rfc9110_14_1, unit_has_no_case) { EXPECT_EQ(range("Bytes=0-1"), "0+2"); }

TEST(rfc9110_14_2, several_ranges_are_joined_where_they_leave_no_gap) {
  EXPECT_EQ(range("bytes=0-9, 10-19"), "0+20");
  EXPECT_EQ(range("bytes=10-19,0-9,5-14"), "0+20");
  EXPECT_EQ(range("bytes=-10, 9980-9989"), "9980+20");
  EXPECT_EQ(range("bytes=0-9, 11-19"), "whole");
  EXPECT_EQ(range("bytes=0-0,-1"), "whole");
}

TEST(rfc9110_14_2, many_small_ranges_are_not_served) {
  std::string field = "bytes=0-0";
  for (int i = 1; i < 16; ++i)
    field += ',' + std::to_string(i) + '-' + std::to_string(i);
  EXPECT_EQ(range(field), "0+16");
  EXPECT_EQ(range(field + ",16-16"), "whole");
}

/// "first+length first+length", "whole" or "unsatisfiable".
std::string ranges(std::string_view field, std::uint64_t size = 10'000) {
  const byte_ranges all = parse_ranges(field, size);
  if (all.outcome != range_outcome::part)
    return told({all.outcome, 0, 0});
  std::string out;
  for (const auto& span : all)
    out += (out.empty() ? "" : " ") + std::to_string(span.first) + '+' + std::to_string(span.length);
  return out;
}

TEST(rfc9110_15_3_7_2, parts_come_in_the_order_of_the_field) {
  EXPECT_EQ(ranges("bytes=0-9,1000-1009"), "0+10 1000+10");
  EXPECT_EQ(ranges("bytes=1000-1009,0-9"), "1000+10 0+10");
  EXPECT_EQ(ranges("bytes=-10,0-0"), "9990+10 0+1");
  EXPECT_EQ(ranges("bytes=5000-,2000-2099,0-0"), "5000+5000 2000+100 0+1");
}

TEST(rfc9110_15_3_7_2, ranges_that_overlap_touch_or_nearly_touch_are_one) {
  EXPECT_EQ(ranges("bytes=0-9,5-14"), "0+15");
  EXPECT_EQ(ranges("bytes=0-9,10-19"), "0+20");
  EXPECT_EQ(ranges("bytes=0-9,137-150"), "0+151");
  EXPECT_EQ(ranges("bytes=0-9,138-150"), "0+10 138+13");
  EXPECT_EQ(ranges("bytes=500-599,0-9,300-510,0-0"), "300+300 0+10");
  EXPECT_EQ(ranges("bytes=0-9,1000-1009,5-1004"), "0+1010");
  EXPECT_EQ(ranges("bytes=2000-2009,0-9,1000-1009,5-1004"), "2000+10 0+1010");
}

TEST(rfc9110_15_3_7_2, ranges_that_are_not_there_are_left_out) {
  EXPECT_EQ(ranges("bytes=0-9,20000-,5000-5009"), "0+10 5000+10");
  EXPECT_EQ(ranges("bytes=20000-,30000-"), "unsatisfiable");
  EXPECT_EQ(ranges("bytes=0-9,x,5000-5009"), "whole");
}

TEST(rfc9110_17_15, a_flood_of_ranges_gets_each_byte_once) {
  std::string field = "bytes=0-";
  for (int i = 1; i < 16; ++i)
    field += ",0-";
  EXPECT_EQ(ranges(field), "0+10000");
  EXPECT_EQ(ranges(field + ",0-"), "whole");
  for (int i = 0; i < 1300; ++i)
    field += ",5-" + std::to_string(i);
  EXPECT_EQ(ranges(field), "whole");
}

TEST(rfc9110_14_4, content_range) {
  EXPECT_EQ(to_content_range({range_outcome::part, 42, 1}, 1234), "bytes 42-42/1234");
  EXPECT_EQ(to_content_range({range_outcome::part, 0, 500}, 1234), "bytes 0-499/1234");
  EXPECT_EQ(to_content_range({range_outcome::unsatisfiable, 0, 0}, 1234), "bytes */1234");
}

class rfc9110_13_1_5 : public ::testing::Test {
protected:
  std::string choose(std::string_view if_range, std::string_view method = "GET") const {
    const std::vector<header_field> fields{{"Range", "bytes=0-9"}, {"If-Range", if_range}};
    return told(choose_range(header_view(fields), method, 100, current, now));
  }

  http_time changed = std::chrono::sys_days(std::chrono::year(2020) / 5 / 4);
  http_time now = changed + 1h;
  validators current{.etag = "\"v1\"", .last_modified = changed};
};

TEST_F(rfc9110_13_1_5, range_is_served_if_the_tag_is_strongly_the_same) {
  EXPECT_EQ(choose("\"v1\""), "0+10");
  EXPECT_EQ(choose("\"v2\""), "whole");
  EXPECT_EQ(choose("W/\"v1\""), "whole");
  current.etag = "W/\"v1\"";
  EXPECT_EQ(choose("W/\"v1\""), "whole");
}

TEST_F(rfc9110_13_1_5, range_is_served_if_the_date_is_exactly_the_same) {
  EXPECT_EQ(choose(to_http_date(changed)), "0+10");
  EXPECT_EQ(choose(to_http_date(changed + 1s)), "whole");
  EXPECT_EQ(choose(to_http_date(changed - 1s)), "whole");
  EXPECT_EQ(choose("nonsense"), "whole");
  now = changed; // it may change once more within this second
  EXPECT_EQ(choose(to_http_date(changed)), "whole");
}

TEST_F(rfc9110_13_1_5, range_is_for_get_only) {
  EXPECT_EQ(choose("\"v1\"", "HEAD"), "whole");
  EXPECT_EQ(choose("\"v1\"", "POST"), "whole");
}

TEST(rfc9110_14_2, two_range_fields_are_none) {
  const std::vector<header_field> fields{{"Range", "bytes=0-9"}, {"Range", "bytes=0-9"}};
  EXPECT_EQ(told(choose_range(header_view(fields), "GET", 100, {}, {})), "whole");
}

} // namespace
