// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/http_date.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using namespace perron::httpd;
using namespace std::chrono;

constexpr http_time example = sys_days(1994y / November / 6) + 8h + 49min + 37s;
constexpr http_time now = sys_days(2026y / November / 26) + 16h;

TEST(rfc9110_5_6_7, all_three_forms_are_understood) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994", now), example);
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), example + days(10));
}

TEST(rfc9110_5_6_7, imf_fixdate_is_what_is_sent) {
  EXPECT_EQ(to_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date(http_time()), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(to_http_date(sys_days(2024y / February / 29)), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(rfc9110_5_6_7, year_that_seems_50_years_off_is_in_the_past) {
  const auto year_of = [](std::string_view text) {
    return static_cast<int>(year_month_day(floor<days>(*parse_http_date(text, now))).year());
  };
  EXPECT_EQ(year_of("Sunday, 06-Nov-76 08:49:37 GMT"), 2076);
  EXPECT_EQ(year_of("Sunday, 06-Dec-76 08:49:37 GMT"), 1976);
  EXPECT_EQ(year_of("Sunday, 06-Nov-77 08:49:37 GMT"), 1977);
  EXPECT_EQ(year_of("Sunday, 06-Nov-00 08:49:37 GMT"), 2000);
  EXPECT_EQ(year_of("Sunday, 06-Nov-27 08:49:37 GMT"), 2027);
}

TEST(rfc9110_5_6_7, dates_are_case_sensitive_and_whole) {
  for (const std::string_view text :
       {"", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT ", "Sun,  06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT, x",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94", "784111777",
        "Xxx, 06 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text, now)) << text;
}

TEST(http_date, days_and_times_that_do_not_exist_are_none) {
  for (const std::string_view text :
       {"Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT"})
    EXPECT_FALSE(parse_http_date(text, now)) << text;
  EXPECT_TRUE(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now)); // a leap second there was
}

TEST(http_date, what_is_written_is_read_back) {
  for (http_time when = http_time(); when < sys_days(2100y / January / 1); when += days(37) + 12345s)
    EXPECT_EQ(parse_http_date(to_http_date(when), now), when);
}

TEST(http_date, times_beyond_four_digits_are_moved_in) {
  EXPECT_EQ(to_http_date(sys_days(year(12000) / 1 / 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(to_http_date(sys_days(year(-5) / 1 / 1)), "Sat, 01 Jan 0000 00:00:00 GMT");
}

} // namespace
