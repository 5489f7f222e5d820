// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/metrics/admin.hpp>

#include "httpd/program/metrics/metrics_parser.hpp"
#include "httpd/server_fixture.hpp"

#include <memory>

namespace perron::httpd::program {
namespace {

using namespace perron::testing;

class admin_test : public server_fixture {
protected:
  void serve_admin(const admin_paths& paths = {}) {
    serve(admin_routes(
        paths,
        [this] {
          metrics_snapshot s;
          s.listeners = {{"admin", stats_of(server().who).value()}};
          s.node = runtime::current_node_stats();
          s.process = process_figures::now();
          return s;
        },
        state_));
  }

  const std::shared_ptr<readiness_state> state_ = std::make_shared<readiness_state>(readiness::starting);
};

TEST_F(admin_test, metrics_come_in_the_format_that_is_asked_for) {
  serve_admin();
  raw_client c = client();
  const answer plain = c.get("/metrics");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(plain.field("Cache-Control"), "no-store");
  const auto all = metrics_parser::parse(plain.body, false);
  EXPECT_EQ(metrics_parser::value(all, "perron_requests_started_total", {{"listener", "admin"}}), 1);
  const answer open = c.get("/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");
  EXPECT_EQ(open.field("Content-Type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_NO_THROW(metrics_parser::parse(open.body, true));
}

TEST_F(admin_test, readiness_follows_the_program_and_health_does_not) {
  serve_admin();
  raw_client c = client();
  const auto ready = [&] {
    const answer a = c.get("/readyz");
    EXPECT_EQ(c.get("/healthz").body, "ok\n");
    return std::to_string(a.status) + ' ' + a.body;
  };
  EXPECT_EQ(ready(), "503 starting\n");
  *state_ = readiness::ready;
  EXPECT_EQ(ready(), "200 ready\n");
  *state_ = readiness::draining;
  EXPECT_EQ(ready(), "503 draining\n");
}

TEST_F(admin_test, paths_may_be_others_or_none) {
  serve_admin({.metrics = "/internal/m", .health = "", .ready = "/r"});
  raw_client c = client();
  EXPECT_EQ(c.get("/internal/m").status, 200);
  EXPECT_EQ(c.get("/healthz").status, 404);
  EXPECT_EQ(c.get("/r").status, 503);
}

} // namespace
} // namespace perron::httpd::program
