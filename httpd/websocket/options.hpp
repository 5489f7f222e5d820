// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/websocket/extension.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perron::httpd {

/// How a route serves WebSockets. The defaults are safe on the open internet.
struct websocket_options {
  /// Those spoken here; the first of the client's that is among them is agreed on. The client may leave it.
  std::vector<std::string> subprotocols{};
  /// Origins whose pages may connect, as "https://example.org"; empty: all. A browser sends cookies along
  /// from any page, so name them where a cookie says who the user is.
  std::vector<std::string> origins{};
  deflate_options deflate{};
  std::uint32_t max_message = 1U << 20U;    ///< bytes of a message, uncompressed; beyond it close 1009
  std::uint32_t fragment_bytes = 1U << 18U; ///< longer messages are sent in frames of so many
  /// A peer that has been silent so long is pinged; 0: never.
  std::chrono::milliseconds ping_every{30'000};
  std::chrono::milliseconds pong_within{20'000}; ///< a peer that is silent after that is gone
  std::chrono::milliseconds close_within{2'000}; ///< for the peer's answer to a close frame
};

} // namespace perron::httpd
