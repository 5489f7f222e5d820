// SPDX-License-Identifier: BSD-3-Clause
#include "routes.hpp"

#include <perron/httpd/websocket/session.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/inspect.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/request_end.hpp>
#include <perron/supervisors/siblings.hpp>

#include <chrono>
#include <string>
#include <string_view>

using namespace perron;

namespace {

struct echo {
  static void message(httpd::websocket& ws, const httpd::ws_message& m) { ws.send(m); }
};

/// More frames than a peer that reads ever has waiting.
constexpr std::size_t most_waiting = 1'000;

/// To all visitors of this node.
void pass_on(std::string_view data, bool is_text) {
  const auto frame = is_text ? httpd::shared_frame::text(data) : httpd::shared_frame::binary(data);
  for (const runtime::pid member : runtime::group_members("ws-chat"))
    if (runtime::mails_waiting(member) < most_waiting)
      runtime::send(member, frame);
    else
      runtime::exit(member, supervisors::slow_reader());
}

/// A room of all who are connected, in all nodes: each gets what anybody sends, until it is too far behind.
struct visitor {
  using mails = httpd::mail_types<httpd::shared_frame>;

  static void message(httpd::websocket&, const httpd::ws_message& m) {
    if (siblings::count() == 1)
      pass_on(m.data, m.is_text);
    else
      siblings::publish("ws-chat", (m.is_text ? 't' : 'b') + std::string(m.data)).value();
  }
  static void mail(httpd::websocket& ws, const httpd::shared_frame& f) { ws.send(f); }
};

/// Where there are several nodes.
void run_room() {
  siblings::subscribe("ws-chat");
  for (;;)
    runtime::receive([](const siblings::news& n) {
      const std::string_view said = *n.bytes;
      pass_on(said.substr(1), said.front() == 't');
    });
}

} // namespace

supervisors::child_spec room_child() { return supervisors::child("room", run_room); }

void add_websocket_routes(httpd::router& r) {
  r.get("/ws", [](httpd::request& q) {
    return httpd::serve_websocket<echo>(
        q, {.subprotocols = {"echo"}, .deflate = {.on = true}, .max_message = 1U << 24U});
  });
  r.get("/ws-chat", [](httpd::request& q) {
    // before the handshake is answered: who is connected must not miss what others send from then on
    runtime::join_group("ws-chat");
    return httpd::serve_websocket<visitor>(
        q, {.deflate = {.on = true},
            .max_message = 1U << 16U,
            .ping_every = std::chrono::seconds(app::env<unsigned>("ping-every"))});
  });
}
