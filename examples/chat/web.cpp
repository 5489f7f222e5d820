// SPDX-License-Identifier: BSD-3-Clause
#include "web.hpp"

#include "history.hpp"
#include "page.hpp"

#include <perron/httpd/json.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/process.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace chat {

namespace rt = perron::runtime;
namespace httpd = perron::httpd;
namespace sup = perron::supervisors;
using namespace std::chrono_literals;

namespace {

httpd::response file(std::string_view content, const char* type) {
  return {
      200,
      std::string(content),
      type,
      {{"Cache-Control", "no-cache"},
       {"Content-Security-Policy", "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:"},
       {"X-Content-Type-Options", "nosniff"}}};
}

httpd::response list_rooms(const httpd::topics& rooms) {
  nlohmann::json out = nlohmann::json::array();
  if (const auto children = sup::which_children(rt::whereis(rooms.name())))
    for (const auto& child : *children) {
      const auto now = rt::call(child.who, httpd::topic_figures{}, 1s);
      const auto starts = rt::call(rt::whereis("history"), count_starts{child.id}, 1s);
      if (now && starts)
        out.push_back({{"name", child.id}, {"members", now->members}, {"incarnation", starts->starts}});
    }
  httpd::response r = httpd::json_response({{"rooms", out}});
  r.headers.emplace_back("Cache-Control", "no-store");
  return r;
}

httpd::response crash_room(const httpd::topics& rooms, const std::string& name) {
  const rt::pid room = rooms.there(name);
  if (!room)
    throw httpd::http_error(404, "there is no such room");
  rt::exit(room, rt::exit_reason::custom("room '" + name + "': somebody pressed the button"));
  return httpd::empty(202);
}

} // namespace

httpd::router routes(const httpd::topics& rooms, const httpd::channel& door) {
  httpd::router r;
  r.get("/", [](httpd::request&) { return file(page::index_html, "text/html; charset=utf-8"); });
  r.get("/style.css", [](httpd::request&) { return file(page::style_css, "text/css; charset=utf-8"); });
  for (const auto& [path, script] : {std::pair("/app.js", page::app_js),
                                     {"/session.js", page::session_js},
                                     {"/storage.js", page::storage_js}})
    r.get(path,
          [script = script](httpd::request&) { return file(script, "text/javascript; charset=utf-8"); });
  r.mount("/live", door.routes());
  r.get("/api/rooms", [rooms](httpd::request&) { return list_rooms(rooms); });
  r.post("/api/rooms/:room/crash", [rooms](httpd::request& q) { return crash_room(rooms, q.param("room")); });
  return r;
}

} // namespace chat
