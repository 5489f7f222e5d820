// SPDX-License-Identifier: BSD-3-Clause
//
// A chat whose rooms are supervised processes. `chat [--port N] [--db FILE]`
//
//     application
//     ├── history        owns the SQLite file
//     ├── rooms          supervisor, one child per room, started on demand
//     │   ├── room:lobby
//     │   └── …
//     └── http           one process per request; a long poll is a process that waits
#include "history.hpp"
#include "room.hpp"
#include "web.hpp"

#include <perron/httpd/child.hpp>
#include <perron/supervisors/application.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

using namespace perron;

int main(int argc, char** argv) {
  CLI::App cli("A chat on Perron");
  std::uint16_t port = 8080;
  std::string host = "127.0.0.1";
  std::string db = "chat.db";
  cli.add_option("--port", port, "port to listen on, 0 for any")->capture_default_str();
  cli.add_option("--host", host, "address to listen on")->capture_default_str();
  cli.add_option("--db", db, "file that keeps what was said")->capture_default_str();
  CLI11_PARSE(cli, argc, argv);

  const auto announce = [host] {
    const auto bound = httpd::server_port(runtime::whereis("http"));
    std::printf("chat: http://%s:%u/\n", host.c_str(), static_cast<unsigned>(bound.value()));
    std::fflush(stdout);
  };
  // the crash button is there to be pressed: give up only if a room cannot live at all
  supervisors::supervisor_options rooms{.name = "rooms", .intensity = 100, .period = std::chrono::seconds(5)};

  return supervisors::run_application(
      {.name = "chat"},
      {supervisors::server_child<chat::history>({.id = "history", .spawn = {.name = "history"}}, db),
       supervisors::supervisor_child("rooms", rooms, {chat::room_child("lobby")}),
       httpd::server_child("http", {.name = "http", .host = host, .port = port}, chat::routes()),
       supervisors::child({.id = "announce", .restart = supervisors::temporary}, announce)});
}
