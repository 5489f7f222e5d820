// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/exposition.hpp>

#include "httpd/program/metrics/metrics_parser.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace perron::httpd::program {
namespace {

using perron::testing::metrics_parser;

std::string written(metrics_format format) {
  exposition out(format);
  out.family("a_requests", metric_type::counter, "Requests.\nAll \\ of \"them\".");
  out.sample({{"site", "a\"b\\c\nd"}}, std::uint64_t(17));
  out.sample({{"site", "x"}, {"code", "2xx"}}, std::uint64_t(0));
  out.family("a_time", metric_type::gauge, "Time.");
  out.sample({}, 1.5);
  out.family("a_took_seconds", metric_type::histogram, "Took.");
  out.histogram({{"site", "x"}}, std::array<double, 2>{0.5, 1.0}, std::array<std::uint64_t, 3>{3, 2, 1},
                2.25);
  return std::move(out).text();
}

TEST(exposition, prometheus_0_0_4) {
  EXPECT_EQ(written(metrics_format::prometheus), R"(# HELP a_requests_total Requests.\nAll \\ of "them".
# TYPE a_requests_total counter
a_requests_total{site="a\"b\\c\nd"} 17
a_requests_total{site="x",code="2xx"} 0
# HELP a_time Time.
# TYPE a_time gauge
a_time 1.5
# HELP a_took_seconds Took.
# TYPE a_took_seconds histogram
a_took_seconds_bucket{site="x",le="0.5"} 3
a_took_seconds_bucket{site="x",le="1.0"} 5
a_took_seconds_bucket{site="x",le="+Inf"} 6
a_took_seconds_sum{site="x"} 2.25
a_took_seconds_count{site="x"} 6
)");
}

TEST(exposition, openmetrics_1_0) {
  EXPECT_EQ(written(metrics_format::openmetrics), R"(# HELP a_requests Requests.\nAll \\ of \"them\".
# TYPE a_requests counter
a_requests_total{site="a\"b\\c\nd"} 17
a_requests_total{site="x",code="2xx"} 0
# HELP a_time Time.
# TYPE a_time gauge
a_time 1.5
# HELP a_took_seconds Took.
# TYPE a_took_seconds histogram
a_took_seconds_bucket{site="x",le="0.5"} 3
a_took_seconds_bucket{site="x",le="1.0"} 5
a_took_seconds_bucket{site="x",le="+Inf"} 6
a_took_seconds_sum{site="x"} 2.25
a_took_seconds_count{site="x"} 6
# EOF
)");
}

TEST(exposition, the_strict_parser_reads_both) {
  for (const bool open : {false, true}) {
    const auto all =
        metrics_parser::parse(written(open ? metrics_format::openmetrics : metrics_format::prometheus), open);
    EXPECT_EQ(metrics_parser::value(all, "a_requests_total", {{"site", "a\"b\\c\nd"}}), 17);
    EXPECT_EQ(metrics_parser::value(all, "a_took_seconds_count", {{"site", "x"}}), 6);
  }
}

TEST(exposition, the_strict_parser_refuses_what_is_wrong) {
  const std::string help = "# HELP a b\n# TYPE a gauge\n";
  for (const std::string& bad :
       {help + "a 1", help + "a  1\n", help + "a\n", help + "b 1\n", help + "a{x=1} 1\n",
        help + "a{x=\"1\"1\n", help + "a{x=\"\\x\"} 1\n", help + "a{x=\"1\",x=\"2\"} 1\n",
        help + "a 1\na 1\n", help + "a one\n", std::string("a 1\n"), help + help,
        std::string("# HELP a b\n# TYPE a counter\na 1\n"), help + "a 1\n\n",
        std::string("# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n")})
    EXPECT_THROW(metrics_parser::parse(bad, false), std::runtime_error) << bad;
  EXPECT_THROW(metrics_parser::parse(help + "a 1\n", true), std::runtime_error) << "no # EOF";
}

TEST(exposition, numbers_that_are_none) {
  exposition out(metrics_format::prometheus);
  out.family("a", metric_type::gauge, "A.");
  out.sample({{"n", "1"}}, std::numeric_limits<double>::infinity());
  out.sample({{"n", "2"}}, -std::numeric_limits<double>::infinity());
  out.sample({{"n", "3"}}, std::numeric_limits<double>::quiet_NaN());
  out.sample({{"n", "4"}}, 1e300);
  out.sample({{"n", "5"}}, std::numeric_limits<std::uint64_t>::max());
  const std::string text = std::move(out).text();
  EXPECT_NE(text.find("a{n=\"1\"} +Inf\na{n=\"2\"} -Inf\na{n=\"3\"} NaN\na{n=\"4\"} 1e+300\n"
                      "a{n=\"5\"} 18446744073709551615\n"),
            std::string::npos)
      << text;
}

TEST(metrics_format, is_what_accept_likes_best) {
  const auto chosen = [](std::string_view accept) {
    const std::array<header_field, 1> fields{header_field{"Accept", accept}};
    return metrics_format_for(header_view(fields));
  };
  EXPECT_EQ(metrics_format_for({}), metrics_format::prometheus);
  EXPECT_EQ(chosen("*/*"), metrics_format::prometheus);
  EXPECT_EQ(chosen("text/html"), metrics_format::prometheus);
  EXPECT_EQ(
      chosen("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
             "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      metrics_format::openmetrics);
  EXPECT_EQ(chosen("application/openmetrics-text"), metrics_format::openmetrics);
  EXPECT_EQ(chosen("application/openmetrics-text;q=0.1, text/plain"), metrics_format::prometheus);
  EXPECT_EQ(chosen("application/openmetrics-text;q=0"), metrics_format::prometheus);
}

} // namespace
} // namespace perron::httpd::program
