// SPDX-License-Identifier: BSD-3-Clause
//
// The smallest server: http://127.0.0.1:8080/, or `hello --port N`
#include <perron/httpd/child.hpp>
#include <perron/supervisors/app.hpp>

#include <cstdint>

using namespace perron;

namespace {

httpd::router routes() {
  httpd::router r;
  r.get("/", [](httpd::request&) { return httpd::text("Hello, world!\n"); });
  r.get("/hello/:name", [](httpd::request& q) { return httpd::text("Hello, " + q.param("name") + "!\n"); });
  return r;
}

} // namespace

int main(int argc, char** argv) {
  return app::run(
      argc, argv,
      {.name = "hello", .settings = {{"port", std::uint16_t{8080}, "port to listen on"}}, .children = [] {
         return app::children{
             httpd::server_child("http", {.port = app::env<std::uint16_t>("port")}, routes())};
       }});
}
