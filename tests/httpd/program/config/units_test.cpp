// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/config/units.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

using namespace perron::httpd::program;
using namespace std::chrono_literals;

namespace {

TEST(units, durations) {
  for (const auto& [text, time] : {std::pair<const char*, std::chrono::milliseconds>{"0", 0ms},
                                   {"0s", 0ms},
                                   {"250ms", 250ms},
                                   {"30s", 30s},
                                   {"5m", 5min},
                                   {"1h30m", 90min},
                                   {"1d12h", 36h},
                                   {"2w", 24h * 14},
                                   {"1w2d3h4m5s6ms", 24h * 9 + 3h + 4min + 5s + 6ms}})
    EXPECT_EQ(parse_duration(text), time) << text;
  for (const char* const text :
       {"", "s", "30", "5 s", "5S", "-1s", "1.5s", "1s1s", "1m1h", "1h ", "99999999999999999999s",
        "9223372036854775807w", "1h9223372036854775807ms", "5min", "0x1s", "+1s"})
    EXPECT_FALSE(parse_duration(text)) << text;
  for (const auto time :
       {0ms, 1ms, 999ms, std::chrono::milliseconds(90min), std::chrono::milliseconds(24h * 7),
        std::chrono::milliseconds(24h * 8), std::chrono::milliseconds(36h + 1ms)})
    EXPECT_EQ(parse_duration(duration_text(time)), time);
  EXPECT_EQ(duration_text(90min), "1h30m");
  EXPECT_EQ(duration_text(24h * 14), "2w");
  EXPECT_EQ(duration_text(24h * 8), "8d");
}

TEST(units, sizes) {
  for (const auto& [text, bytes] : {std::pair<const char*, std::uint64_t>{"0", 0},
                                    {"65536", 65536},
                                    {"7B", 7},
                                    {"64k", 65536},
                                    {"64K", 65536},
                                    {"64KiB", 65536},
                                    {"10M", 10485760},
                                    {"10mB", 10485760},
                                    {"1GiB", 1073741824},
                                    {"2T", 2199023255552},
                                    {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()}})
    EXPECT_EQ(parse_size(text), bytes) << text;
  for (const char* const text : {"", "k", "1.5M", "10 M", "-1", "+1", "1kk", "1kib", "1E",
                                 "18446744073709551616", "18446744073709551615k", "99999999999T", "0x10"})
    EXPECT_FALSE(parse_size(text)) << text;
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1023ULL, 1024ULL, 1025ULL, 10485760ULL, 1ULL << 40, 1ULL << 62})
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
  EXPECT_EQ(size_text(65536), "64k");
}

TEST(units, endpoints) {
  for (const auto& [text, host, port] :
       {std::tuple<const char*, const char*, int>{"192.0.2.1:80", "192.0.2.1", 80},
        {"[2001:db8::1]:443", "2001:db8::1", 443},
        {"localhost:8080", "127.0.0.1", 8080},
        {":80", "::", 80},
        {"*:80", "::", 80},
        {"80", "::", 80},
        {"127.0.0.1:0", "127.0.0.1", 0},
        {"unix:/run/x.sock", "unix:/run/x.sock", 0}}) {
    const auto at = parse_endpoint(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(at->host, host);
    EXPECT_EQ(at->port, port);
    EXPECT_EQ(parse_endpoint(endpoint_text(*at)), at) << text;
  }
  for (const char* const text :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x", "::1:80", "[127.0.0.1]:80",
        "[::1]", "example.org:80", "unix:", "unix:x", "-1", "1.2.3:80", "[]:80"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
  EXPECT_FALSE(parse_endpoint("unix:/" + std::string(107, 'x')));
  EXPECT_TRUE(parse_endpoint("unix:/" + std::string(106, 'x')));
}

TEST(units, permissions) {
  EXPECT_EQ(parse_mode("0660"), 0660U);
  EXPECT_EQ(parse_mode("600"), 0600U);
  for (const char* const text : {"", "6", "66", "668", "1777", "00660", "rw-"})
    EXPECT_FALSE(parse_mode(text)) << text;
  EXPECT_EQ(mode_text(0640), "0640");
}

} // namespace
