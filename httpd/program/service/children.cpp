// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/children.hpp>

#include <perron/httpd/rules/allow_deny.hpp>
#include <perron/runtime/server.hpp>

#include <string>
#include <utility>

namespace perron::httpd::program {
namespace {

/// Waits for its end, and tells of it.
class farewell final {
public:
  using calls = runtime::protocol<>;

  farewell(notifier to, std::shared_ptr<readiness_state> state, std::function<bool()> leaves)
      : to_(std::move(to)), state_(std::move(state)), leaves_(std::move(leaves)) {}

  void terminate(const runtime::exit_reason& why) const {
    if (!why.orderly())
      return; // it is started again
    if (leaves_ && !leaves_())
      return;
    *state_ = readiness::draining;
    static_cast<void>(to_.stopping("stops: requests that run get their time"));
  }

private:
  const notifier to_;
  const std::shared_ptr<readiness_state> state_;
  const std::function<bool()> leaves_;
};

} // namespace

supervisors::child_spec watchdog_child(notifier to, std::chrono::microseconds interval,
                                       std::function<bool()> is_well) {
  return supervisors::child("watchdog", [to = std::move(to), interval, is_well = std::move(is_well)] {
    watch_node(to, interval, is_well);
  });
}

supervisors::child_spec farewell_child(notifier to, std::shared_ptr<readiness_state> state,
                                       std::function<bool()> leaves) {
  supervisors::child_spec spec;
  spec.id = "farewell";
  spec.spawn.trap_exit = true;
  return supervisors::server_child<farewell>(std::move(spec), std::move(to), std::move(state),
                                             std::move(leaves));
}

server_options admin_options(const admin_settings& of) {
  server_options options;
  options.name = "perron.admin";
  options.host = of.listen->host;
  options.port = of.listen->port;
  options.max_connections = 256;
  options.drain_time = std::chrono::seconds(1);
  return options;
}

router admin_router(const admin_settings& of, std::function<metrics_snapshot()> gather,
                    std::shared_ptr<const readiness_state> state, std::function<bool()> lives) {
  router to;
  if (!of.allow.empty()) {
    allow_deny_options allowed{.rules = {}, .otherwise = false};
    for (const std::string& from : of.allow)
      allowed.rules.push_back({true, from});
    to.use(allow_deny(allowed));
  }
  return admin_routes({of.metrics, of.health, of.ready}, std::move(gather), std::move(state), std::move(to),
                      std::move(lives));
}

} // namespace perron::httpd::program
