// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/handshake_watch.hpp>

#include <perron/runtime/tls/library.hpp>

#include <algorithm>

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

template <std::size_t N>
std::uint8_t keep(std::span<const unsigned char> made, std::array<unsigned char, N>& in) noexcept {
  const auto front = made.first(std::min(made.size(), in.size()));
  std::ranges::copy(front, in.begin());
  return static_cast<std::uint8_t>(front.size());
}

} // namespace

handshake_watch::~handshake_watch() {
  ::OPENSSL_cleanse(from_client.secret.data(), from_client.secret.size());
  ::OPENSSL_cleanse(from_server.secret.data(), from_server.secret.size());
  ::OPENSSL_cleanse(key_block.data(), key_block.size());
}

void handshake_watch::watch(::ssl_st* session) noexcept {
  ::SSL_set_msg_callback(session, note_message);
  ::SSL_set_msg_callback_arg(session, this);
}

void handshake_watch::note_secret(std::string_view label, std::span<const unsigned char> made) noexcept {
  if (label == "key expansion") {
    key_block_size = keep(made, key_block);
    return;
  }
  direction* const way = label == "c ap traffic"   ? &from_client
                         : label == "s ap traffic" ? &from_server
                                                   : nullptr;
  if (way == nullptr)
    return;
  way->size = keep(made, way->secret);
  way->records = 0; // RFC 8446 5.3: numbers begin anew with a key
}

} // namespace perron::runtime::tls::detail
