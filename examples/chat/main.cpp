// SPDX-License-Identifier: BSD-3-Clause
//
// A chat whose rooms are supervised processes. `chat [--port N] [--db FILE] [--tree]`
//
//     root
//     ├── history        owns the SQLite file
//     ├── rooms          dynamic supervisor, one topic per room, started on demand
//     │   ├── rooms/lobby
//     │   └── …
//     ├── door           one process for each page that polls
//     └── http           one process per request; a WebSocket or a stream is a request that lasts
#include "history.hpp"
#include "rooms.hpp"
#include "web.hpp"

#include <perron/httpd/child.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/draw.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

using namespace perron;

namespace {

app::children tree() {
  const httpd::topics rooms = chat::rooms();
  const httpd::channel door = chat::door(rooms);
  return {
      supervisors::server_child<chat::history>({.id = "history", .spawn = {.name = "history"}},
                                               app::env<std::string>("db")),
      rooms.child(), door.child(),
      httpd::server_child(
          "http",
          {.name = "http", .host = app::env<std::string>("host"), .port = app::env<std::uint16_t>("port")},
          chat::routes(rooms, door))};
}

void announce() {
  const auto bound = httpd::server_port(runtime::whereis("http"));
  std::printf("chat: http://%s:%u/\n", app::env<std::string>("host").c_str(),
              static_cast<unsigned>(bound.value()));
  std::fflush(stdout);
}

/// The lobby is there before the first who comes.
void open_lobby() { static_cast<void>(chat::rooms().find("lobby").value()); }

void print_tree() {
  if (!app::env<bool>("tree"))
    return;
  std::fputs(supervisors::draw(app::root()).c_str(), stdout);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv,
                  {.name = "chat",
                   .description = "A chat on Perron",
                   .settings = {{"port", std::uint16_t{8080}, "port to listen on, 0 for any"},
                                {"host", "127.0.0.1", "address to listen on"},
                                {"db", "chat.db", "file that keeps what was said"},
                                {"tree", false, "print the supervision tree when it is up"}},
                   .children = tree,
                   .phases = {{"lobby", open_lobby}, {"announce", announce}, {"tree", print_tree}}});
}
