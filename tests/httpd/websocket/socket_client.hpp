// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/websocket/frames.hpp"
#include "support/raw_client.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace perron::testing {

/// The client's end of a WebSocket; sends what it is told, right or wrong. Blocks its thread.
class socket_client {
public:
  /// Connects and sends the handshake, with `fields` added. `receive_buffer` as for raw_client.
  explicit socket_client(std::uint16_t port, std::string_view target = "/ws", std::string_view fields = {},
                         int receive_buffer = 0)
      : raw_(receive_buffer) {
    EXPECT_TRUE(raw_.connect(port));
    raw_.send("GET " + std::string(target) +
              " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
              std::string(fields) + "\r\n");
    while (came_.find("\r\n\r\n") == std::string::npos && receive_some()) {
    }
    const std::size_t end = came_.find("\r\n\r\n");
    if (end == std::string::npos)
      return;
    head_ = came_.substr(0, end + 4);
    came_.erase(0, end + 4);
  }

  /// The server's answer to the handshake.
  const std::string& head() const { return head_; }
  bool is_open() const { return head_.starts_with("HTTP/1.1 101 "); }

  bool send(const frame& f) const { return raw_.send(masked(f)); }
  bool send(const std::vector<frame>& frames) const { return raw_.send(masked(frames)); }
  bool send_bytes(std::string_view bytes) const { return raw_.send(bytes); }

  /// The next frame; nothing: the server has closed.
  std::optional<frame> read() {
    for (;;) {
      if (auto f = cut_frame(came_))
        return f;
      if (!receive_some())
        return std::nullopt;
    }
  }
  /// The next message, of however many frames; nothing: something else came.
  std::optional<frame> read_message() {
    auto whole = read();
    while (whole && !whole->fin) {
      auto more = read();
      if (!more || more->op != httpd::rfc6455::opcode::continuation)
        return std::nullopt;
      whole->payload += more->payload;
      whole->fin = more->fin;
    }
    return whole;
  }
  /// Whether the server closes now, without another frame.
  bool at_end() { return came_.empty() && !receive_some() && came_.empty(); }

  raw_client& raw() { return raw_; }

private:
  bool receive_some() {
    std::array<char, 16 * 1024> part;
    ssize_t n;
    do
      n = ::recv(raw_.descriptor(), part.data(), part.size(), 0);
    while (n < 0 && errno == EINTR);
    if (n > 0)
      came_.append(part.data(), static_cast<std::size_t>(n));
    EXPECT_FALSE(n < 0 && errno == EAGAIN) << "nothing comes from the server, and it does not close";
    return n > 0;
  }

  raw_client raw_;
  std::string head_;
  std::string came_;
};

} // namespace perron::testing
