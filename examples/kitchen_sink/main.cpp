// SPDX-License-Identifier: BSD-3-Clause
//
// The test bed: every kind of handler, for tests, benchmarks and soaks. `kitchen_sink --port N --workers N`,
// and by TLS as well: `--tls-port N --cert F --key F`.
#include "routes.hpp"

#include <perron/httpd/child.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/group.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session_info.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/draw.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace perron;
using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds ms_of(httpd::request& r) {
  return std::chrono::milliseconds(std::min<std::uint64_t>(r.query().number("ms").value_or(100), 600'000));
}

/// Burns processor time and does not give way, as a bug would.
httpd::response spin(httpd::request& r) {
  const auto until = std::chrono::steady_clock::now() + ms_of(r);
  while (std::chrono::steady_clock::now() < until) {
  }
  return httpd::text("spun\n");
}

struct published {
  std::string body;
};

/// Parks until somebody publishes.
httpd::response poll(httpd::request&) {
  runtime::join_group("poll");
  return runtime::receive([](published p) { return httpd::text(std::move(p.body)); });
}

httpd::response publish(httpd::request& r) {
  const std::size_t reached = runtime::broadcast("poll", published{std::string(r.body())});
  return httpd::json(nlohmann::json{{"reached", reached}}.dump());
}

httpd::response stats(httpd::request&) {
  const runtime::node_stats s = runtime::current_node_stats();
  nlohmann::json workers = nlohmann::json::array();
  for (const auto& w : s.workers)
    workers.push_back({{"queue", w.queue}, {"utilisation", w.utilisation}});
  nlohmann::json out{{"processes", s.processes},
                     {"spawned", s.spawned},
                     {"ended", s.ended},
                     {"crashed", s.crashed},
                     {"crash_reports_dropped", s.crash_reports_dropped},
                     {"turns", s.turns},
                     {"stolen", s.stolen},
                     {"taken_over", s.taken_over},
                     {"timers", s.timers},
                     {"sockets", s.sockets},
                     {"stacks_in_use", s.stacks_in_use},
                     {"process_memory", s.process_memory},
                     {"workers", workers}};
  if (const auto http = httpd::stats_of(runtime::whereis("http")))
    out["http"] = {{"connections", http->connections},   {"accepted", http->accepted},
                   {"requests", http->requests},         {"running", http->running},
                   {"crashed", http->crashed},           {"client_gone", http->client_gone},
                   {"slow_readers", http->slow_readers}, {"late", http->late},
                   {"drained", http->drained},           {"killed", http->killed},
                   {"refused", http->refused},           {"turned_away", http->turned_away}};
  return httpd::json(out.dump(2) + '\n');
}

/// What the second server shows; null where there is none. Written before any server starts.
std::shared_ptr<runtime::tls::server_context> certificates;

/// What the handshake has agreed on.
httpd::response tls_info(httpd::request& r) {
  const runtime::tls::session_info* tls = r.tls();
  if (tls == nullptr)
    return httpd::text("none\n");
  return httpd::text(std::string(tls->version) + ' ' + std::string(tls->cipher) + ' ' +
                     (tls->resumed ? "resumed" : "full") + ' ' + std::string(tls->server_name) + '\n');
}

/// Reads the certificates again, as an administrator would have it.
httpd::response reload_certificates(httpd::request&) {
  if (certificates == nullptr)
    throw httpd::http_error(httpd::status::not_found, "there are no certificates");
  const auto done = runtime::blocking([] { return certificates->reload(); });
  if (!done)
    throw httpd::http_error(httpd::status::internal_server_error, done.error().text);
  return httpd::text("reloaded\n");
}

httpd::router routes() {
  httpd::router r;
  r.get("/hello", [](httpd::request&) { return httpd::response{200, "Hello, world!", "text/plain", {}}; });
  r.post("/echo", [](httpd::request& q) {
    return httpd::response{200, std::string(q.body()), std::string(q.header("Content-Type")), {}};
  });
  // which of several processes has the connection
  r.get("/whoami", [](httpd::request&) { return httpd::text(std::to_string(::getpid()) + '\n'); });
  r.get("/crash", [](httpd::request&) -> httpd::response { throw std::runtime_error("crashed on request"); });
  r.get("/spin", spin);
  r.get("/sleep", [](httpd::request& q) {
    runtime::receive(runtime::after(ms_of(q), [] {}));
    return httpd::text("slept\n");
  });
  r.get("/poll", poll);
  r.post("/publish", publish);
  add_websocket_routes(r);
  add_realtime_routes(r);
  r.get("/stats", stats);
  r.get("/tls", tls_info);
  r.post("/tls/reload", reload_certificates);
  r.get("/tree", [](httpd::request&) { return httpd::text(supervisors::draw(app::root())); });
  add_streaming_routes(r);
  add_upload_routes(r);
  add_file_routes(r, app::env<std::string>("root"));
  return r;
}

void read_certificates() {
  if (app::env<std::string>("cert").empty())
    return;
  auto made = runtime::tls::server_context::make(
      {.certificates = {{app::env<std::string>("cert"), app::env<std::string>("key")}}});
  if (!made)
    throw std::runtime_error(made.error().text);
  certificates = std::move(*made);
}

app::children children() {
  read_certificates();
  app::children all{
      topics_child(), channel_child(),
      httpd::server_child("http", {.name = "http", .port = app::env<std::uint16_t>("port")}, routes())};
  if (const auto port = app::env<std::uint16_t>("echo-port"); port != 0)
    all.push_back(httpd::server_child(
        "echo", {.name = "echo", .port = port, .max_body = std::size_t(64) << 20}, echo_routes()));
  if (certificates != nullptr)
    all.push_back(httpd::server_child(
        "https", {.name = "https", .port = app::env<std::uint16_t>("tls-port"), .tls = certificates},
        routes()));
  return all;
}

/// Says on standard output where the server listens, once it does.
void announce() {
  const auto port = httpd::server_port(runtime::whereis("http"));
  std::printf("kitchen_sink: http://127.0.0.1:%u/\n", static_cast<unsigned>(port.value()));
  if (const auto secure = httpd::server_port(runtime::whereis("https")); secure)
    std::printf("kitchen_sink: https://127.0.0.1:%u/\n", static_cast<unsigned>(*secure));
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
  return app::run(
      argc, argv,
      {.name = "kitchen_sink",
       .description = "Perron's test bed",
       .settings = {{"port", std::uint16_t{8080}, "port to listen on, 0 for any"},
                    {"workers", 0U, "worker threads, 0 for one per processor"},
                    {"echo-port", std::uint16_t{0},
                     "port of a second server that answers with the body, 0 for none"},
                    {"tls-port", std::uint16_t{0}, "port of a server with TLS, 0 for any; with cert"},
                    {"cert", std::string(), "its certificate chain, a PEM file"},
                    {"key", std::string(), "its private key, a PEM file"},
                    {"root", std::string(), "folder of /static, empty for two files to try"}},
       .configure = [](app::spec& s) { s.node.workers = app::env<unsigned>("workers"); },
       .children = children,
       .phases = {{"announce", announce}}});
}
