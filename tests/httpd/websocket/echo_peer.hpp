// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "httpd/websocket/frames.hpp"

namespace perron::testing {

/// An echo server without a socket: the protocol, and around it what a server does with its events.
class echo_peer {
public:
  static constexpr std::size_t at_once = std::size_t(-1);

  explicit echo_peer(const httpd::rfc6455::protocol_limits& limits = {1U << 24U, 1U << 24U},
                     std::unique_ptr<httpd::rfc6455::compression> deflate = {})
      : protocol_(httpd::rfc6455::side::server, limits, std::move(deflate)) {}

  /// What it sends when it gets these bytes, so many at a time.
  std::vector<frame> give(std::string bytes, std::size_t chop = at_once) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min(chop, bytes.size() - at);
      feed(std::span(bytes).subspan(at, size));
      at += size;
    }
    return cut_frames(std::exchange(out_, {}));
  }
  std::vector<frame> give(const std::vector<frame>& frames, std::size_t chop = at_once) {
    return give(masked(frames), chop);
  }

  /// Whether it closes the connection now.
  bool is_done() const { return done_; }
  httpd::rfc6455::protocol& protocol() { return protocol_; }

private:
  void feed(std::span<char> rest) {
    using httpd::rfc6455::event;
    for (;;) {
      event e = protocol_.next(rest);
      switch (e.what_came) {
      case event::kind::need_more:
        EXPECT_TRUE(rest.empty());
        return;
      case event::kind::message: {
        std::string scratch;
        const auto message = protocol_.prepare(e.is_text, e.data, scratch);
        httpd::rfc6455::each_frame(message, at_once, [&](std::string_view head, std::string_view piece) {
          out_.append(head).append(piece);
        });
        break;
      }
      case event::kind::ping:
        out_ += bare(pong_frame(e.data));
        break;
      case event::kind::pong:
        break;
      case event::kind::close:
        end(e.code, e.data);
        break;
      case event::kind::failed:
        end(e.code, e.what);
        break;
      }
    }
  }

  void end(std::uint16_t code, std::string_view reason) {
    out_ += bare({opcode::close, httpd::rfc6455::protocol::close_payload(code, reason)});
    protocol_.note_close_sent();
    done_ = true;
  }

  httpd::rfc6455::protocol protocol_;
  std::string out_;
  bool done_ = false;
};

} // namespace perron::testing
