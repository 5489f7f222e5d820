// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/program/metrics/metrics.hpp>
#include <perron/httpd/routes.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace perron::httpd::program {

/// How far the program is, for /readyz: written by whoever starts, reloads and stops it, read by requests.
enum class readiness : std::uint8_t { starting, ready, draining };
using readiness_state = std::atomic<readiness>;

/// Where an admin listener answers what; an empty path: it does not.
struct admin_paths {
  std::string metrics = "/metrics";
  std::string health = "/healthz";
  std::string ready = "/readyz";
};

/// The routes of an admin listener, which is a server of its own. `gather` puts the figures together; called
/// in the process of the request, so it may call servers. Nothing here asks who the client is: listen where
/// only friends are, or give a router that uses allow_deny(); the routes are added to that.
///
/// | path    | answer                                                                                    |
/// |---------|-------------------------------------------------------------------------------------------|
/// | metrics | Prometheus text format 0.0.4, or OpenMetrics 1.0 where Accept asks for it                 |
/// | health  | 200 "ok": the program lives and its node runs processes; 503 if `lives` says no           |
/// | ready   | 200 "ready", or 503 "starting" or "draining": load balancers are to send nobody          |
router admin_routes(const admin_paths& paths, std::function<metrics_snapshot()> gather,
                    std::shared_ptr<const readiness_state> state, router to = {},
                    std::function<bool()> lives = {});

} // namespace perron::httpd::program
