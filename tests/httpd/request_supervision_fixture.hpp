// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/server_fixture.hpp"
#include "support/bad_processes.hpp"

#include <perron/supervisors/request_supervisor.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace perron::testing {

/// A server with requests that wait, and what its supervisor says of them.
class request_supervision_fixture : public server_fixture {
protected:
  struct go_on {};

  /// "/wait" tells who it is and answers when it is told to; "/" answers at once.
  httpd::router routes() {
    return httpd::router()
        .get("/", [](httpd::request&) { return httpd::text("hello"); })
        .post("/", [](httpd::request& r) { return httpd::text(std::string(r.body())); })
        .get("/crash", [](httpd::request&) -> httpd::response { throw std::runtime_error("as ordered"); })
        .get("/large", [](httpd::request&) { return httpd::text(std::string(20'000'000, 'x')); })
        .get("/stubborn",
             [this](httpd::request&) -> httpd::response {
               waiting_.put(runtime::self());
               bad::trap_exits{}();
               return {};
             })
        .get("/left",
             [this](httpd::request& r) {
               r.leave_count();
               r.leave_count();
               waiting_.put(runtime::self());
               runtime::receive_one<go_on>();
               return httpd::text("in time");
             })
        .get("/wait", [this](httpd::request&) {
          waiting_.put(runtime::self());
          runtime::receive_one<go_on>();
          return httpd::text("in time");
        });
  }

  /// A client whose request waits, and its process.
  std::pair<raw_client, runtime::pid> waiting_client(const std::string& path = "/wait") {
    raw_client c = client();
    EXPECT_TRUE(c.send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n"));
    return {std::move(c), waiting_.take().value_or(runtime::pid())};
  }

  supervisors::request_counts counts() {
    supervisors::request_counts out;
    run([&] { out = supervisors::count_requests(server().who).value(); });
    return out;
  }
  supervisors::drain_outcome drained(std::chrono::milliseconds deadline) {
    supervisors::drain_outcome out;
    run([&] { out = supervisors::drain(server().who, deadline).value(); });
    return out;
  }
  /// Begins a drain and gives where its outcome will be found.
  outcome_queue<supervisors::drain_outcome>& begin_drain(std::chrono::milliseconds deadline) {
    node().spawn(
        [this, deadline, who = server().who] { drains_.put(supervisors::drain(who, deadline).value()); });
    return drains_;
  }

private:
  outcome_queue<runtime::pid> waiting_;
  outcome_queue<supervisors::drain_outcome> drains_;
};

} // namespace perron::testing
