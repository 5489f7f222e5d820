// SPDX-License-Identifier: BSD-3-Clause
#include "routes.hpp"

#include <perron/httpd/channel/channel.hpp>
#include <perron/httpd/sse.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/timer.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace perron;
using namespace std::chrono_literals;

struct tick {};

/// An event with an id every second; goes on behind Last-Event-ID.
httpd::response events(httpd::request& r) {
  httpd::sse stream(r, {.retry = 2s});
  std::uint64_t id = 0;
  for (const char c : stream.last_event_id().substr(0, 18))
    id = c >= '0' && c <= '9' ? 10 * id + static_cast<std::uint64_t>(c - '0') : 0;
  runtime::send_interval(1s, runtime::self(), tick{});
  for (;;)
    stream.receive([&](tick) {
      const std::string number = std::to_string(++id);
      stream.send({.data = "event " + number, .id = number});
    });
}

const httpd::topics& topics() {
  static const httpd::topics all("topics");
  return all;
}

const httpd::channel& live() {
  static const httpd::channel all("live", topics());
  return all;
}

} // namespace

void add_realtime_routes(httpd::router& r) {
  r.get("/sse", events);
  r.mount("/live", live().routes());
}

supervisors::child_spec topics_child() { return topics().child(); }
supervisors::child_spec channel_child() { return live().child(); }
