// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/websocket/deflate.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace perron::httpd {

/// Whether and how a server compresses WebSocket messages (RFC 7692), where the client offers it. The
/// defaults cost an idle connection nothing: no context outlives its message. With take-over each busy
/// connection holds 32 KB to send at the default sizes, and messages that are like each other shrink much
/// further.
struct deflate_options {
  bool on = false;
  bool send_takeover = false;            ///< keep what was sent as a dictionary for the next message
  bool receive_takeover = false;         ///< let the client do so
  std::uint8_t send_window_bits = 12;    ///< 9 to 15
  std::uint8_t receive_window_bits = 15; ///< asked of clients that can be asked: 8 to 15
  std::uint8_t memory_level = 4;         ///< zlib's memLevel, 1 to 9
  std::uint8_t level = 3;                ///< zlib's, 0 to 9
  std::uint16_t from_bytes = 64;         ///< shorter messages are sent as they are
};

namespace rfc6455 {

struct deflate_answer {
  deflate_agreement agreed;
  std::string field; ///< value of Sec-WebSocket-Extensions in the answer
};

/// What came of a client's offers.
struct extensions_found {
  bool well_formed = true; ///< else the client has to be refused (RFC 6455 9.1)
  std::optional<deflate_answer> deflate{};
};

/// Takes the first offer of permessage-deflate that can be met, over all fields of the name (RFC 7692 7.1).
/// Offers with parameters that are unknown, given twice or out of range are passed over, as the RFC wants.
extensions_found negotiate(const header_view& headers, const deflate_options& options);

/// For a client: what the server's answer to an offer of `permessage-deflate; client_max_window_bits` means.
/// Nothing if the answer breaks the rules, whereupon the client has to fail the connection.
std::optional<deflate_agreement> read_deflate_answer(std::string_view field);

} // namespace rfc6455
} // namespace perron::httpd
