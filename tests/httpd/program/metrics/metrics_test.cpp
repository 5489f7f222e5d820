// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/metrics.hpp>

#include "httpd/program/metrics/metrics_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <memory>

namespace perron::httpd::program {
namespace {

using namespace std::chrono_literals;
using perron::testing::metrics_parser;
using ::testing::ElementsAre;

access_record answered(int status, std::uint64_t bytes, std::chrono::nanoseconds took, unsigned worker = 0) {
  access_record r;
  r.worker = worker;
  r.status = status;
  r.body_bytes = bytes;
  r.duration = took;
  return r;
}

TEST(request_counter, counts_by_class_and_time) {
  request_counter count(2);
  count.count(answered(200, 10, 100us));
  count.count(answered(204, 0, 500us, 1));
  count.count(answered(301, 5, 2ms));
  count.count(answered(404, 5, 10s));
  count.count(answered(500, 5, 6ms));
  count.count(answered(0, 0, 1ms));
  access_record refused = answered(400, 60, 0ns);
  refused.refused = true;
  count.count(refused);
  access_record upgraded = answered(101, 1000, 1h);
  upgraded.upgraded = true;
  count.count(upgraded);
  count.count(answered(200, 10, 1ms, 7)); // of a worker that is none
  const request_figures f = count.figures();
  EXPECT_THAT(f.by_class, ElementsAre(1, 1, 2, 1, 2, 1));
  EXPECT_THAT(f.took, ElementsAre(2, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_EQ(f.refused, 1U);
  EXPECT_EQ(f.upgraded, 1U);
  EXPECT_EQ(f.body_bytes, 1085U);
  EXPECT_NEAR(f.seconds, 10.0096, 1e-9);
}

TEST(site_counters, go_on_after_a_reload_and_tell_the_next) {
  site_counters all(1);
  site_counters behind(1);
  all.sink_of("b", behind.sink_of("log", nullptr))->tell(answered(200, 1, 1ms));
  all.sink_of("b", nullptr)->tell(answered(200, 1, 1ms));
  all.sink_of("a", nullptr);
  const auto figures = all.figures();
  ASSERT_EQ(figures.size(), 2U);
  EXPECT_EQ(figures[0].first, "a");
  EXPECT_EQ(figures[0].second.by_class[2], 0U);
  EXPECT_EQ(figures[1].first, "b");
  EXPECT_EQ(figures[1].second.by_class[2], 2U);
  EXPECT_EQ(behind.figures().front().second.by_class[2], 1U);
}

TEST(process_figures, are_there) {
  const process_figures p = process_figures::now();
  EXPECT_GT(p.cpu_seconds, 0);
  EXPECT_GT(p.resident_bytes, 0U);
  EXPECT_GT(p.virtual_bytes, p.resident_bytes);
  EXPECT_GT(p.open_files, 2U);
  EXPECT_GE(p.max_files, p.open_files);
  const auto now = static_cast<double>(std::time(nullptr));
  EXPECT_LE(p.start_time, now + 2);
  EXPECT_GT(p.start_time, now - 24 * 3600);
}

metrics_snapshot everything() {
  metrics_snapshot s;
  s.version = "0.1.0";
  server_stats web;
  web.connections = 3;
  web.requests = 100;
  web.late = 2;
  s.listeners = {{"web", web}, {"[::]:443", {}}};
  request_counter count(1);
  count.count(answered(200, 10, 2ms));
  s.sites = {{"example.org", count.figures()}, {"a \"quoted\"\nname", {}}};
  s.node.processes = 7;
  s.node.workers = {{4, 0.25}, {0, 1}};
  s.process = process_figures::now();
  s.log = {50, 1};
  s.reloads = 4;
  s.failed_reloads = 1;
  s.config_time = 1795719600.5;
  return s;
}

TEST(metrics, are_all_there_in_both_formats) {
  const metrics_snapshot s = everything();
  for (const bool open : {false, true}) {
    const auto all = metrics_parser::parse(
        write_metrics(s, open ? metrics_format::openmetrics : metrics_format::prometheus), open);
    const auto value = [&](const std::string& name, const std::map<std::string, std::string>& labels = {}) {
      return metrics_parser::value(all, name, labels);
    };
    EXPECT_EQ(value("perron_build_info", {{"version", "0.1.0"}}), 1);
    EXPECT_EQ(value("perron_connections", {{"listener", "web"}}), 3);
    EXPECT_EQ(value("perron_requests_started_total", {{"listener", "web"}}), 100);
    EXPECT_EQ(value("perron_requests_ended_badly_total", {{"listener", "web"}, {"end", "deadline"}}), 2);
    EXPECT_EQ(value("perron_connections", {{"listener", "[::]:443"}}), 0);
    EXPECT_EQ(value("perron_http_requests_total", {{"site", "example.org"}, {"code", "2xx"}}), 1);
    EXPECT_EQ(value("perron_http_response_body_bytes_total", {{"site", "a \"quoted\"\nname"}}), 0);
    EXPECT_EQ(
        value("perron_http_request_duration_seconds_bucket", {{"site", "example.org"}, {"le", "0.0025"}}), 1);
    EXPECT_EQ(
        value("perron_http_request_duration_seconds_bucket", {{"site", "example.org"}, {"le", "0.001"}}), 0);
    EXPECT_DOUBLE_EQ(value("perron_http_request_duration_seconds_sum", {{"site", "example.org"}}), 0.002);
    EXPECT_EQ(value("perron_processes"), 7);
    EXPECT_EQ(value("perron_worker_utilisation", {{"worker", "0"}}), 0.25);
    EXPECT_EQ(value("perron_access_log_lines_total", {{"outcome", "dropped"}}), 1);
    EXPECT_EQ(value("perron_config_reloads_total", {{"outcome", "failed"}}), 1);
    EXPECT_EQ(value("perron_config_read_timestamp_seconds"), 1795719600.5);
    EXPECT_GT(value("process_resident_memory_bytes"), 0);
    EXPECT_GT(value("process_cpu_seconds_total"), 0);
  }
}

TEST(metrics, of_a_program_without_sites_are_right_too) {
  EXPECT_NO_THROW(metrics_parser::parse(write_metrics({}, metrics_format::prometheus), false));
  EXPECT_NO_THROW(metrics_parser::parse(write_metrics({}, metrics_format::openmetrics), true));
}

} // namespace
} // namespace perron::httpd::program
