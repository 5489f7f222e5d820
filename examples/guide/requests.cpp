// SPDX-License-Identifier: BSD-3-Clause
#include "chapters.hpp"

#include <perron/httpd/server.hpp>
#include <perron/runtime/net/address.hpp>
#include <perron/runtime/net/stream.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

namespace net = perron::runtime::net;
namespace httpd = perron::httpd;

namespace guide {
namespace {

/// Somebody has forgotten pluto: `at` throws, and that is the end of this request.
httpd::response moons(httpd::request& r) {
  static const std::map<std::string, int> known{{"mars", 2}, {"earth", 1}};
  return httpd::text(std::to_string(known.at(r.param("planet"))) + "\n");
}

/// The first line of the answer.
std::string get(std::uint16_t port, const std::string& path) {
  net::stream connection = net::connect(net::address::loopback(port)).value();
  connection.write("GET " + path + " HTTP/1.1\r\nHost: guide\r\nConnection: close\r\n\r\n").value();
  std::array<char, 2048> answer{};
  const std::size_t size = connection.read_exactly(answer).value();
  const std::string text(answer.data(), size);
  return text.substr(0, text.find('\r'));
}

} // namespace

void requests() {
  httpd::router routes;
  routes.get("/moons/:planet", moons);
  const auto server = httpd::start_server({.port = 0}, routes).value();
  const std::uint16_t port = httpd::server_port(server).value();
  for (const char* planet : {"mars", "pluto", "earth"})
    std::printf("%s: %s\n", planet, get(port, std::string("/moons/") + planet).c_str());
}

} // namespace guide
