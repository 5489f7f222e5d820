// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/server_fixture.hpp"

#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <utility>
#include <vector>

namespace perron::testing {

/// Servers, and what their handlers need beside them: children of a supervisor that stops when the servers
/// have.
class supervised_fixture : public server_fixture {
protected:
  using server_fixture::server_fixture;

  void supervise(std::vector<supervisors::child_spec> children) {
    event up;
    keeper_ = node().spawn([&up, this, children = std::move(children)] {
      const runtime::pid root =
          supervisors::start_supervisor({.reports = [](const auto&) {}}, children).value();
      up.happen();
      runtime::receive_one<stop_it>();
      runtime::unlink(root);
      EXPECT_TRUE(supervisors::stop_supervisor(root));
      down_.happen();
    });
    EXPECT_TRUE(up.await());
  }

  void TearDown() override {
    stop_children();
    server_fixture::TearDown();
  }
  /// Ends what handlers wait for, so that requests end.
  void stop_children() {
    const runtime::pid keeper = std::exchange(keeper_, {});
    if (!keeper)
      return;
    runtime::send(keeper, stop_it{});
    EXPECT_TRUE(down_.await());
  }

private:
  struct stop_it {};

  runtime::pid keeper_;
  event down_;
};

} // namespace perron::testing
