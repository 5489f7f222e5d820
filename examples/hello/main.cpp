// SPDX-License-Identifier: BSD-3-Clause
//
// The smallest server: http://127.0.0.1:8080/
#include <perron/httpd/child.hpp>
#include <perron/supervisors/application.hpp>

using namespace perron;

int main() {
  httpd::router routes;
  routes.get("/", [](httpd::request&) { return httpd::text("Hello, world!\n"); });
  routes.get("/hello/:name",
             [](httpd::request& r) { return httpd::text("Hello, " + r.param("name") + "!\n"); });

  return supervisors::run_application({.name = "hello"},
                                      {httpd::server_child("http", {.port = 8080}, routes)});
}
