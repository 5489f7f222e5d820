// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"
#include "converter.hpp"

#include <perron/httpd/child.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/draw.hpp>
#include <perron/supervisors/dynamic_supervisor.hpp>

#include <cstdint>
#include <cstdio>

using namespace perron;
using namespace perron::supervisors;

namespace guide {
namespace {

void wait_for_ever() {
  struct never {};
  runtime::receive_one<never>();
}

httpd::router routes() {
  httpd::router r;
  r.get("/", [](httpd::request&) { return httpd::text("Hello!\n"); });
  return r;
}

app::children shop() {
  return {// what everything else leans on comes first
          child("stock", wait_for_ever),
          // sessions hold on to the bank, so they go down with it; they come and go with customers
          supervisor_child("payment", {.strategy = rest_for_one},
                           {child("bank", wait_for_ever), dynamic_supervisor_child("sessions")}),
          // what the world talks to comes last, and stops first
          httpd::server_child("http", {.port = app::env<std::uint16_t>("port")}, routes())};
}

void picture() {
  std::printf("%s", draw(app::root()).c_str());
  app::stop(); // a shop would stay open until SIGTERM
}

} // namespace

int tree(int argc, char** argv) {
  return app::run(argc, argv,
                  {.name = "shop",
                   .settings = {{"port", std::uint16_t{0}, "port to listen on, 0 for any"}},
                   .children = shop,
                   .phases = {{"picture", picture}}});
}

} // namespace guide
