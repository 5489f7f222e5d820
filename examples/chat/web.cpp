// SPDX-License-Identifier: BSD-3-Clause
#include "web.hpp"

#include "page.hpp"
#include "room.hpp"

#include <perron/runtime/receive.hpp>
#include <perron/supervisors/supervisor.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace chat {

namespace rt = perron::runtime;
namespace httpd = perron::httpd;
namespace sup = perron::supervisors;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto longest_poll = 25s;

httpd::response file(std::string_view content, const char* type) {
  return {200,
          std::string(content),
          type,
          {{"Cache-Control", "no-cache"},
           {"Content-Security-Policy", "default-src 'self'; img-src 'self' data:"},
           {"X-Content-Type-Options", "nosniff"}}};
}

httpd::response answer(const json& body, int status = 200) {
  httpd::response r = httpd::json(body.dump(-1, ' ', false, json::error_handler_t::replace), status);
  r.headers.emplace_back("Cache-Control", "no-store");
  return r;
}

httpd::response failure(int status, std::string_view what) { return answer({{"error", what}}, status); }

/// The room died under the request: its page waits a moment and joins the next incarnation.
httpd::response crashed() { return failure(503, "room crashed"); }

json as_json(const std::vector<message>& lines) {
  json out = json::array();
  for (const message& m : lines)
    out.push_back({{"id", m.id}, {"nick", m.nick}, {"text", m.text}, {"at", m.at}, {"kind", m.kind}});
  return out;
}

/// A text member of a JSON body, trimmed and within its bounds.
std::string field(httpd::request& r, const char* name, std::size_t most) {
  const json body = json::parse(r.body(), nullptr, false);
  if (!body.is_object() || !body.contains(name) || !body[name].is_string())
    throw httpd::http_error(400, std::string("the body must be a JSON object with a text '") + name + "'");
  auto text = body[name].get<std::string>();
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty() || text.size() > most)
    throw httpd::http_error(400,
                            std::string("'") + name + "' must have 1 to " + std::to_string(most) + " bytes");
  return text;
}

rt::pid room_of(httpd::request& r) {
  const auto found = find_room(r.param("room"));
  if (!found)
    throw httpd::http_error(404, found.error().text);
  return *found;
}

httpd::response list_rooms(httpd::request&) {
  json rooms = json::array();
  if (const auto children = sup::which_children(rt::whereis("rooms")))
    for (const auto& child : *children)
      if (const auto members = rt::call(child.who, head_count{}, 1s))
        rooms.push_back({{"name", child.id}, {"members", *members}});
  return answer({{"rooms", rooms}});
}

httpd::response join_room(httpd::request& r) {
  const std::string nick = field(r, "nick", 96);
  const auto joined = rt::call(room_of(r), join{nick});
  if (!joined)
    return crashed();
  if (joined->taken)
    return failure(409, "somebody in this room is called that already");
  const std::int64_t cursor = joined->history.empty() ? 0 : joined->history.back().id;
  return answer({{"member", joined->member},
                 {"cursor", cursor},
                 {"history", as_json(joined->history)},
                 {"members", joined->members}});
}

httpd::response post_message(httpd::request& r) {
  const auto id = rt::call(room_of(r), post{field(r, "member", 64), field(r, "text", 8000)});
  if (!id)
    return crashed();
  return *id == 0 ? failure(403, "unknown member") : answer({{"id", *id}});
}

/// The long poll: this process, made for this request, waits for the room's mail, the room's death, or the
/// time, whatever comes first.
httpd::response poll_room(httpd::request& r) {
  const rt::pid room = room_of(r);
  const auto deadline = std::chrono::steady_clock::now() + longest_poll;
  listen question{r.query().get("member").value_or(""),
                  static_cast<std::int64_t>(r.query().number("cursor").value_or(0)), rt::self()};
  rt::monitor(room);
  for (bool waiting = true;;) {
    if (!waiting)
      question.listener = {};
    const auto now = rt::call(room, question);
    if (!now)
      return crashed();
    if (!now->member)
      return failure(403, "unknown member");
    if (now->news || !waiting)
      return answer({{"cursor", now->news ? now->lines.back().id : question.cursor},
                     {"messages", as_json(now->lines)},
                     {"members", now->members},
                     {"incarnation", now->incarnation}});
    bool room_is_gone = false;
    rt::receive([](update) {}, [&](const rt::down&) { room_is_gone = true; },
                rt::after(deadline - std::chrono::steady_clock::now(), [&] { waiting = false; }));
    if (room_is_gone)
      return crashed();
  }
}

httpd::response leave_room(httpd::request& r) {
  rt::cast(room_of(r), leave{field(r, "member", 64)});
  return httpd::empty();
}

httpd::response crash_room(httpd::request& r) {
  rt::cast(room_of(r), crash{});
  return answer(json::object(), 202);
}

} // namespace

httpd::router routes() {
  httpd::router r;
  r.get("/", [](httpd::request&) { return file(page::index_html, "text/html; charset=utf-8"); });
  r.get("/style.css", [](httpd::request&) { return file(page::style_css, "text/css; charset=utf-8"); });
  r.get("/app.js", [](httpd::request&) { return file(page::app_js, "text/javascript; charset=utf-8"); });
  r.get("/api/rooms", list_rooms);
  r.post("/api/rooms/:room/join", join_room);
  r.post("/api/rooms/:room/messages", post_message);
  r.get("/api/rooms/:room/poll", poll_room);
  r.post("/api/rooms/:room/leave", leave_room);
  r.post("/api/rooms/:room/crash", crash_room);
  return r;
}

} // namespace chat
