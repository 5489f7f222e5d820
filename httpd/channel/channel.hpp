// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/options.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/httpd/long_poll.hpp>
#include <perron/httpd/request.hpp>
#include <perron/httpd/routes.hpp>
#include <perron/supervisors/child_spec.hpp>

#include <memory>
#include <string>

namespace perron::httpd {

struct channel_setup;

/// Topics for browsers: subscribe, publish and presence over WebSocket, server-sent events or long poll,
/// whichever works, with the same messages (PROTOCOL.md) and the client `client.js`, which picks one, comes
/// back after any failure, and goes on behind what it got last:
///
///     const httpd::topics rooms("rooms");
///     const httpd::channel live("live", rooms, {.authorise = ...});
///     routes.mount("/live", live.routes());
///     app::children{rooms.child(), live.child(), httpd::server_child("http", ..., routes)};
///
///     import { Channel } from '/live/client.js';                  // in the page
///     const live = new Channel('/live');
///     live.subscribe('lobby', { replay: 20, message: (m) => show(m.data) });
///     live.publish('lobby', { text: 'hello' });
///
/// Each connected client is one process: the request's, or with long poll one of its own. An idle WebSocket
/// keeps no stack. What is published is encoded once for all. A handle: copied freely, any process.
class channel {
public:
  channel(std::string name, topics where, channel_options options = {});

  /// What it needs in the program's tree: the processes of clients that poll.
  supervisors::child_spec child() const { return polls_.child(); }

  /// Its routes, to be mounted where the program likes.
  router routes() const;

  // -- what they do, for programs that route otherwise
  response websocket(request& r) const;  ///< GET, with an upgrade
  response events(request& r) const;     ///< GET: a stream of events
  response begin_poll(request& r) const; ///< POST: subscriptions; answers a lease
  response poll(request& r) const;       ///< GET
  response publish(request& r) const;    ///< POST, for those whose transport goes one way
  static response client_js(request& r); ///< GET

private:
  std::shared_ptr<const channel_setup> setup_;
  long_poll polls_;
};

} // namespace perron::httpd
