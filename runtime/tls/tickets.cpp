// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/served.hpp>

#include <perron/runtime/core/clock.hpp>

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <span>

namespace perron::runtime::tls::detail {
namespace {

constexpr int no_ticket = 0;
constexpr int good = 1;
constexpr int good_but_renew = 2;

bool set_key(::EVP_MAC_CTX* mac, ticket_key& key) {
  std::string digest = "SHA256";
  const std::array<::OSSL_PARAM, 3> parameters{
      ::OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      ::OSSL_PARAM_construct_end()};
  return ::EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

int use_key(::SSL* ssl, unsigned char* name, unsigned char* iv, ::EVP_CIPHER_CTX* cipher, ::EVP_MAC_CTX* mac,
            int sealing) {
  // fetched once: OpenSSL looks a cipher up by name otherwise, at each ticket
  static const owned_cipher aes(::EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr));
  if (aes == nullptr)
    return no_ticket;
  ticket_keys& keys = *served_by(ssl).tickets;
  const auto now = core::steady_now();
  const std::span<unsigned char, 16> shown(name, 16);
  if (sealing != 0) {
    auto key = keys.current(now);
    if (!key || ::RAND_bytes(iv, ::EVP_CIPHER_get_iv_length(aes.get())) != 1 ||
        ::EVP_EncryptInit_ex(cipher, aes.get(), nullptr, key->cipher.data(), iv) != 1 || !set_key(mac, *key))
      return no_ticket;
    std::ranges::copy(key->name, name);
    return good;
  }
  auto found = keys.find(shown, now);
  if (!found || ::EVP_DecryptInit_ex(cipher, aes.get(), nullptr, found->key.cipher.data(), iv) != 1 ||
      !set_key(mac, found->key))
    return no_ticket;
  // clients use a ticket once in TLS 1.3 (RFC 8446 C.4): with each resumption goes the next one
  return found->is_current && ::SSL_version(ssl) < TLS1_3_VERSION ? good : good_but_renew;
}

} // namespace

void seal_tickets(::SSL_CTX* of) { ::SSL_CTX_set_tlsext_ticket_key_evp_cb(of, use_key); }

} // namespace perron::runtime::tls::detail
