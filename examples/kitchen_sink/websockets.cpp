// SPDX-License-Identifier: BSD-3-Clause
#include "routes.hpp"

#include <perron/httpd/websocket/session.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/inspect.hpp>
#include <perron/runtime/message.hpp>
#include <perron/supervisors/request_end.hpp>

#include <string>

using namespace perron;

namespace {

struct echo {
  static void message(httpd::websocket& ws, const httpd::ws_message& m) { ws.send(m); }
};

/// More frames than a peer that reads ever has waiting.
constexpr std::size_t most_waiting = 1'000;

/// A room of all who are connected: each gets what anybody sends, until it is too far behind.
struct visitor {
  using mails = httpd::mail_types<httpd::shared_frame>;

  static void message(httpd::websocket&, const httpd::ws_message& m) {
    const auto frame = m.is_text ? httpd::shared_frame::text(m.data) : httpd::shared_frame::binary(m.data);
    for (const runtime::pid member : runtime::group_members("ws-chat"))
      if (runtime::mails_waiting(member) < most_waiting)
        runtime::send(member, frame);
      else
        runtime::exit(member, supervisors::slow_reader());
  }
  static void mail(httpd::websocket& ws, const httpd::shared_frame& f) { ws.send(f); }
};

} // namespace

void add_websocket_routes(httpd::router& r) {
  r.get("/ws", [](httpd::request& q) {
    return httpd::serve_websocket<echo>(
        q, {.subprotocols = {"echo"}, .deflate = {.on = true}, .max_message = 1U << 24U});
  });
  r.get("/ws-chat", [](httpd::request& q) {
    // before the handshake is answered: who is connected must not miss what others send from then on
    runtime::join_group("ws-chat");
    return httpd::serve_websocket<visitor>(q, {.deflate = {.on = true}, .max_message = 1U << 16U});
  });
}
