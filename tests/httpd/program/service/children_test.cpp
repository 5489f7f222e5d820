// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/program/service/children.hpp>

#include "httpd/program/service/notify_socket.hpp"
#include "httpd/server_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <perron/runtime/blocking.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <memory>
#include <string>

namespace perron::httpd::program {
namespace {

using namespace perron::testing;
using namespace std::chrono_literals;

class service_children_test : public server_fixture {
protected:
  const temporary_folder folder_;
  notify_socket manager_{folder_.path() / "notify"};
  const std::shared_ptr<readiness_state> state_ = std::make_shared<readiness_state>(readiness::ready);
};

TEST_F(service_children_test, the_end_is_told_before_the_rest_of_the_tree_ends) {
  run([&] {
    const runtime::pid root = supervisors::start_supervisor(
                                  {}, {watchdog_child(notifier(manager_.name()), 1ms, [] { return true; }),
                                       farewell_child(notifier(manager_.name()), state_)})
                                  .value();
    EXPECT_EQ(runtime::blocking([&] { return manager_.next(); }), "WATCHDOG=1");
    EXPECT_EQ(state_->load(), readiness::ready);
    const runtime::monitor_ref end = runtime::monitor(root);
    runtime::unlink(root);
    runtime::exit(root, runtime::exit_reason::shutdown());
    EXPECT_EQ(reason_of(end), runtime::exit_reason::shutdown());
  });
  EXPECT_EQ(manager_.next_but_watchdog(), "STATUS=stops: requests that run get their time\nSTOPPING=1");
  EXPECT_EQ(state_->load(), readiness::draining);
}

TEST_F(service_children_test, the_admin_listener_lets_in_whom_it_is_told_to) {
  admin_settings of;
  of.listen = endpoint{"127.0.0.1", 0};
  serve_as_told(admin_router(
                    of, [] { return metrics_snapshot{}; }, state_),
                admin_options(of));
  EXPECT_EQ(client().get("/readyz").body, "ready\n");
  of.allow = {"192.0.2.0/24"};
  of.health = "";
  server_options options = admin_options(of);
  options.name = "other";
  serve_as_told(admin_router(
                    of, [] { return metrics_snapshot{}; }, state_),
                options);
  EXPECT_EQ(client().get("/readyz").status, 403);
  EXPECT_EQ(client().get("/metrics").status, 403);
}

} // namespace
} // namespace perron::httpd::program
