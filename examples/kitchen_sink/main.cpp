// SPDX-License-Identifier: BSD-3-Clause
//
// The test bed: every kind of handler, for tests, benchmarks and soaks. `kitchen_sink --port N --workers N`,
// by several processes: `--processes N`, and by TLS as well: `--tls-port N --cert F --key F`.
#include "routes.hpp"

#include <perron/httpd/child.hpp>
#include <perron/runtime/blocking.hpp>
#include <perron/runtime/receive.hpp>
#include <perron/runtime/tls/server_context.hpp>
#include <perron/runtime/tls/session_info.hpp>
#include <perron/supervisors/app.hpp>
#include <perron/supervisors/draw.hpp>
#include <perron/supervisors/siblings.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
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
  add_node_routes(r);
  add_websocket_routes(r);
  add_realtime_routes(r);
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

/// Ports of the servers. With several processes they are kept before these are, for all of them.
struct {
  std::uint16_t http = 0;
  std::uint16_t echo = 0;
  std::uint16_t https = 0;
} ports;

std::uint16_t port_of(const std::string& setting, const app::spec& s) {
  const auto wanted = app::env<std::uint16_t>(setting);
  return s.processes > 1 ? siblings::reserve_port("127.0.0.1", wanted).value() : wanted;
}

void configure(app::spec& s) {
  s.node.workers = app::env<unsigned>("workers");
  s.processes = std::max(1U, app::env<unsigned>("processes"));
  ports.http = port_of("port", s);
  if (app::env<std::uint16_t>("echo-port") != 0)
    ports.echo = port_of("echo-port", s);
  if (!app::env<std::string>("cert").empty())
    ports.https = port_of("tls-port", s);
}

app::children children() {
  read_certificates();
  give_answers();
  app::children all{topics_child(), channel_child(), room_child(),
                    httpd::server_child("http",
                                        {.name = "http",
                                         .port = ports.http,
                                         .idle_time = std::chrono::seconds(app::env<unsigned>("idle-time"))},
                                        routes())};
  if (ports.echo != 0)
    all.push_back(httpd::server_child(
        "echo", {.name = "echo", .port = ports.echo, .max_body = std::size_t(64) << 20}, echo_routes()));
  if (certificates != nullptr)
    all.push_back(
        httpd::server_child("https", {.name = "https", .port = ports.https, .tls = certificates}, routes()));
  return all;
}

/// Has the listening sockets of this process announce a maximum segment size of its own (RFC 9293 3.7.1). So
/// a client knows which process has its connection before that has accepted it: perron-soak, which kills
/// some.
void mark_process() {
  if (!app::env<bool>("mark-processes"))
    return;
  constexpr int least = 1024;
  constexpr int different = 16'384;
  constexpr int first_descriptors = 1024; // nobody has connected yet
  const int size = least + ::getpid() % different;
  for (int fd = 0; fd < first_descriptors; ++fd) {
    int listens = 0;
    socklen_t bytes = sizeof listens;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes) == 0 && listens != 0)
      ::setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, sizeof size);
  }
}

/// Says on standard output where the server listens, once it does.
void announce() {
  const auto port = httpd::server_port(runtime::whereis("http"));
  std::string lines = "kitchen_sink: http://127.0.0.1:" + std::to_string(port.value()) + '/';
  if (const auto secure = httpd::server_port(runtime::whereis("https")); secure)
    lines += "\nkitchen_sink: https://127.0.0.1:" + std::to_string(*secure) + '/';
  siblings::announce(lines);
}

/// As many connections as the system lets it have.
void want_descriptors() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

} // namespace

int main(int argc, char** argv) {
  want_descriptors();
  return app::run(
      argc, argv,
      {.name = "kitchen_sink",
       .description = "Perron's test bed",
       .settings = {{"port", std::uint16_t{8080}, "port to listen on, 0 for any"},
                    {"workers", 0U, "worker threads of a process, 0 for one per processor"},
                    {"processes", 1U, "processes of the operating system that share the ports"},
                    {"idle-time", 75U, "seconds that a connection may be idle between requests"},
                    {"mark-processes", false,
                     "tell clients by the maximum segment size which process they are connected to"},
                    {"ping-every", 30U, "seconds until a silent WebSocket is pinged, 0 for never"},
                    {"echo-port", std::uint16_t{0},
                     "port of a second server that answers with the body, 0 for none"},
                    {"tls-port", std::uint16_t{0}, "port of a server with TLS, 0 for any; with cert"},
                    {"cert", std::string(), "its certificate chain, a PEM file"},
                    {"key", std::string(), "its private key, a PEM file"},
                    {"root", std::string(), "folder of /static, empty for two files to try"}},
       .configure = configure,
       .children = children,
       .phases = {{"mark", mark_process}, {"announce", announce}}});
}
