// SPDX-License-Identifier: BSD-3-Clause
#include <perron/httpd/websocket/handshake.hpp>

#include <perron/httpd/status.hpp>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace perron::httpd::rfc6455 {
namespace {

constexpr bool is_base64(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// Whether it is the base64 of 16 bytes (4.2.1 item 5).
bool is_key(std::string_view key) noexcept {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, is_base64);
}

bool has_body(const header_view& headers) noexcept {
  return headers.contains("Transfer-Encoding") || headers.find("Content-Length").value_or("0") != "0";
}

/// Nothing: it is a handshake that can be answered.
std::optional<refusal> look(const handshake_request& request) {
  const header_view& headers = request.headers;
  if (request.method != "GET")
    return refusal{status::method_not_allowed, "a WebSocket begins with a GET"};
  if (request.minor_version < 1 || !headers.contains_token("Upgrade", "websocket") ||
      !headers.contains_token("Connection", "upgrade"))
    return refusal{status::upgrade_required, "this is a WebSocket"};
  if (headers.count("Sec-WebSocket-Version") != 1 || headers.find("Sec-WebSocket-Version") != "13")
    return refusal{status::upgrade_required, "only version 13 is spoken here"};
  if (headers.count("Sec-WebSocket-Key") != 1 || !is_key(*headers.find("Sec-WebSocket-Key")))
    return refusal{status::bad_request, "Sec-WebSocket-Key is not one key of 16 bytes"};
  if (has_body(headers))
    return refusal{status::bad_request, "a WebSocket's handshake has no body"};
  return std::nullopt;
}

std::string choose(const header_view& headers, std::span<const std::string> known) {
  std::string chosen;
  headers.each("Sec-WebSocket-Protocol", [&](std::string_view list) {
    each_list_element(list, [&](std::string_view offered) {
      if (chosen.empty() && std::find(known.begin(), known.end(), offered) != known.end())
        chosen = offered;
      return chosen.empty();
    });
  });
  return chosen;
}

} // namespace

std::string accept_for(std::string_view key) {
  std::string all(key);
  all += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
  std::array<unsigned char, 29> text; // 28 characters and a NUL
  const int size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

handshake_found check_handshake(const handshake_request& request, std::span<const std::string> subprotocols,
                                std::span<const std::string> origins, const deflate_options& deflate) {
  if (const auto refused = look(request))
    return {std::nullopt, *refused};
  if (const auto origin = request.headers.find("Origin");
      origin && !origins.empty() && std::find(origins.begin(), origins.end(), *origin) == origins.end())
    return {std::nullopt, {status::forbidden, "pages of this origin may not connect"}};
  extensions_found extensions = negotiate(request.headers, deflate);
  if (!extensions.well_formed)
    return {std::nullopt, {status::bad_request, "Sec-WebSocket-Extensions is malformed"}};
  return {handshake_answer{accept_for(*request.headers.find("Sec-WebSocket-Key")),
                           choose(request.headers, subprotocols), std::move(extensions.deflate)},
          {}};
}

} // namespace perron::httpd::rfc6455
