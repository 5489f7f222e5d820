// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <perron/httpd/headers.hpp>
#include <perron/httpd/websocket/extension.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace perron::httpd::rfc6455 {

/// What a client asks for and a server gives in the opening handshake (RFC 6455 4.2).
struct handshake_request {
  std::string_view method;
  int minor_version = 1; ///< of HTTP/1
  header_view headers{};
};

/// Why a request does not become a WebSocket.
struct refusal {
  int status;
  std::string_view why;
};

struct handshake_answer {
  std::string accept;                      ///< value of Sec-WebSocket-Accept
  std::string subprotocol{};               ///< empty: none agreed on
  std::optional<deflate_answer> deflate{}; ///< nothing: messages go as they are
};

/// Either an answer or why there is none.
struct handshake_found {
  std::optional<handshake_answer> answer{};
  refusal refused{};
};

/// Looks at a request as RFC 6455 4.2.1 wants it: GET, HTTP/1.1, Upgrade, Connection, one key of 16 bytes,
/// version 13, and no body, since its bytes would be read as frames. A refusal of 426 goes with `Upgrade:
/// websocket` and `Sec-WebSocket-Version: 13` (4.4). The subprotocol is the first of the client's that is
/// among `subprotocols`. `origins`, unless empty, are the values of Origin that may connect; a request
/// without one is from no browser and is let in.
handshake_found check_handshake(const handshake_request& request, std::span<const std::string> subprotocols,
                                std::span<const std::string> origins, const deflate_options& deflate);

/// base64(SHA-1(key + the GUID of RFC 6455 1.3)).
std::string accept_for(std::string_view key);

} // namespace perron::httpd::rfc6455
