// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/handshake_watch.hpp>

#include <perron/runtime/tls/library.hpp>

#include <string_view>

namespace perron::runtime::tls::detail {
namespace {

void note_message(int sent, int /*version*/, int kind, const void* message, std::size_t size, ::SSL* /*of*/,
                  void* watch) {
  auto& w = *static_cast<handshake_watch*>(watch);
  const auto first = size != 0 ? *static_cast<const unsigned char*>(message) : 0;
  if (kind == SSL3_RT_HEADER) {
    // of a server: what is sent is from the server; RFC 5246 6.1: numbers begin anew with ChangeCipherSpec
    auto& way = sent != 0 ? w.from_server : w.from_client;
    way.records = first == SSL3_RT_CHANGE_CIPHER_SPEC ? 0 : way.records + 1;
  } else if (kind == SSL3_RT_HANDSHAKE && sent == 0 && first == SSL3_MT_KEY_UPDATE) {
    w.on.note_key_update();
  }
}

int value_of(char digit) noexcept {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : digit - 'A' + 10;
}

/// "LABEL <the client's random> <secret>", in hexadecimal (the format of SSLKEYLOGFILE).
void note_secret(const ::SSL* of, const char* text) {
  auto* const w = static_cast<handshake_watch*>(SSL_get_app_data(of));
  if (w == nullptr)
    return;
  const std::string_view line(text);
  handshake_watch::direction* const way = line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")   ? &w->from_client
                                          : line.starts_with("SERVER_TRAFFIC_SECRET_0 ") ? &w->from_server
                                                                                         : nullptr;
  if (way == nullptr)
    return;
  const std::string_view secret = line.substr(line.rfind(' ') + 1);
  if (secret.size() % 2 != 0 || secret.size() / 2 > way->secret.size())
    return;
  way->size = static_cast<std::uint8_t>(secret.size() / 2);
  for (std::size_t i = 0; i < way->size; ++i)
    way->secret[i] = static_cast<unsigned char>(value_of(secret[2 * i]) * 16 + value_of(secret[2 * i + 1]));
  way->records = 0; // RFC 8446 5.3: numbers begin anew with a key
}

} // namespace

handshake_watch::~handshake_watch() {
  ::OPENSSL_cleanse(from_client.secret.data(), from_client.secret.size());
  ::OPENSSL_cleanse(from_server.secret.data(), from_server.secret.size());
}

void handshake_watch::watch(::ssl_st* session) noexcept {
  ::SSL_set_msg_callback(session, note_message);
  ::SSL_set_msg_callback_arg(session, this);
  SSL_set_app_data(session, this);
}

void handshake_watch::allow_for(::ssl_ctx_st* context) noexcept {
  ::SSL_CTX_set_keylog_callback(context, note_secret);
}

} // namespace perron::runtime::tls::detail
