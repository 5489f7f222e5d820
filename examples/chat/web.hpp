// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/channel/channel.hpp>
#include <perron/httpd/channel/topics.hpp>
#include <perron/httpd/routes.hpp>

namespace chat {

/// The page and what it asks for:
///
///     GET  /, /style.css, /app.js, /session.js, /storage.js
///     *    /live/...               the rooms, over WebSocket, server-sent events or long poll
///     GET  /api/rooms              names, people, starts
///     POST /api/rooms/:room/crash  ends the room's process as a bug would
perron::httpd::router routes(const perron::httpd::topics& rooms, const perron::httpd::channel& door);

} // namespace chat
