// SPDX-License-Identifier: BSD-3-Clause
//
// Bodies that are streamed, and how connections may go on or end.
#include "routes.hpp"

#include <perron/runtime/receive.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

using namespace perron;

namespace {

/// N chunks and a trailer.
httpd::response chunked(httpd::request& r) {
  const std::uint64_t chunks = r.query().number("n").value_or(3);
  httpd::writer out = r.begin({200, {}, "text/plain", {{"Trailer", "X-Chunks"}}});
  for (std::uint64_t i = 1; i <= chunks; ++i)
    out.write("chunk " + std::to_string(i) + '\n');
  out.trailer("X-Chunks", std::to_string(chunks));
  return out.end();
}

/// As many bytes as asked for, 64 KiB at a time.
httpd::response big(httpd::request& r) {
  static const std::string piece = [] {
    std::string text;
    while (text.size() < 65'536)
      text += "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.\n";
    return text;
  }();
  std::uint64_t left = r.query().number("bytes").value_or(1'000'000);
  httpd::writer out = r.begin({200, {}, "application/octet-stream"}, left);
  while (left != 0) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    out.write(std::string_view(piece).substr(0, now));
    left -= now;
  }
  return out.end();
}

/// The trailers of the request, one a line.
httpd::response trailers(httpd::request& r) {
  static_cast<void>(r.body());
  std::string lines;
  for (const auto& [name, value] : r.trailers())
    lines.append(name).append(": ").append(value).append("\n");
  return httpd::text(std::move(lines));
}

/// Never reads its body, and waits until the client leaves.
httpd::response slow_read(httpd::request&) {
  struct never {};
  runtime::receive_one<never>();
  return httpd::empty();
}

httpd::response close_behind(httpd::request&) {
  httpd::response r = httpd::text("closing\n");
  r.close = true;
  return r;
}

httpd::response early_hints(httpd::request& r) {
  r.inform(httpd::status::early_hints, {{"Link", "</style.css>; rel=preload; as=style"}});
  return httpd::text("the answer itself\n");
}

} // namespace

void add_streaming_routes(httpd::router& r) {
  r.get("/chunked", chunked);
  r.get("/big", big);
  r.post("/trailers", trailers);
  r.get("/204", [](httpd::request&) { return httpd::empty(); });
  r.post("/slow-read", slow_read);
  r.get("/close", close_behind);
  r.get("/early-hints", early_hints);
}

httpd::router echo_routes() {
  httpd::router r;
  r.add(httpd::any_method, "/*path", [](httpd::request& q) {
    return httpd::response{200, std::string(q.body()), std::string(q.header("Content-Type"))};
  });
  return r;
}
