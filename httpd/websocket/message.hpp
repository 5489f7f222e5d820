// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace perron::httpd {

namespace rfc6455 {
class protocol;
}

/// A message that came over a WebSocket. Text is valid UTF-8.
struct ws_message {
  bool is_text = true;
  std::string data{};
};

/// A message for many WebSockets: encoded once, and compressed once if any of them wants it so, however many
/// get it. A handle to what all copies share; send it as mail, and each receiver hands it to websocket::send.
/// For one receiver plain text is as good. Any thread.
///
///     runtime::broadcast("room", httpd::shared_frame::text("hello"));
class shared_frame {
public:
  /// Throws std::invalid_argument if it is not UTF-8.
  static shared_frame text(std::string_view message);
  static shared_frame binary(std::string_view bytes);

  /// The message, without frame.
  std::string_view data() const noexcept;

  /// The whole frame as a server sends it to this peer. Compresses it when the first peer comes with whom
  /// that was agreed; the others wait for it, some 20 ns a byte. A peer that agreed on a smaller window than
  /// the first gets it uncompressed.
  std::string_view for_peer(rfc6455::protocol& peer) const;

private:
  struct content;
  shared_frame(bool is_text, std::string_view data);

  std::shared_ptr<const content> content_;
};

} // namespace perron::httpd
