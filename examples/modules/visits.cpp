// SPDX-License-Identifier: BSD-3-Clause
//
// A module in C++: a process counts visits, and GET / asks it. What is in a module may do all that a program
// does.
#include <perron/httpd/module_export.hpp>
#include <perron/runtime/call.hpp>
#include <perron/runtime/message.hpp>
#include <perron/runtime/process.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/timer.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace perron;

namespace {

struct visit {
  using reply = int;
};
struct later {};

/// For each load one, so that a newer version of this does not meet the process of an older.
runtime::pid start_counter() {
  return runtime::spawn([] {
    for (int visits = 0;;)
      runtime::receive([&](const runtime::caller& from, visit) { runtime::reply(from, ++visits); });
  });
}

httpd::router routes(std::string_view greeting) {
  if (greeting.empty())
    throw std::invalid_argument("visits wants a greeting");
  httpd::router r;
  r.get("/", [counter = start_counter(), greeting = std::string(greeting)](httpd::request&) {
    const auto count = runtime::call(counter, visit{});
    if (!count)
      throw httpd::http_error(httpd::status::service_unavailable, count.error().text);
    return httpd::text(greeting + " number " + std::to_string(*count) + '\n');
  });
  r.get("/later", [](httpd::request&) {
    runtime::send_after(std::chrono::milliseconds(1), runtime::self(), later{});
    runtime::receive_one<later>();
    return httpd::text("at last\n");
  });
  r.get("/wait", [](httpd::request&) {
    runtime::receive_one<later>();
    return httpd::text("never\n");
  });
  r.get("/crash", [](httpd::request&) -> httpd::response { throw std::runtime_error("as ordered"); });
  return r;
}

} // namespace

PERRON_MODULE("visits", "1.0", &routes)
