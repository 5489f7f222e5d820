// SPDX-License-Identifier: BSD-3-Clause
#include "routes.hpp"

#include <perron/httpd/websocket/session.hpp>
#include <perron/runtime/group.hpp>

#include <string>

using namespace perron;

namespace {

struct echo {
  static void message(httpd::websocket& ws, const httpd::ws_message& m) { ws.send(m); }
};

/// A room of all who are connected: each gets what anybody sends.
struct visitor {
  using mails = httpd::mail_types<httpd::shared_frame>;

  static void message(httpd::websocket&, const httpd::ws_message& m) {
    runtime::broadcast("ws-chat",
                       m.is_text ? httpd::shared_frame::text(m.data) : httpd::shared_frame::binary(m.data));
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
