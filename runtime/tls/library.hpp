// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder: the only header of it that shows OpenSSL.

#include <perron/runtime/result.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace perron::runtime::tls::detail {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using owned_bio = std::unique_ptr<::BIO, freed_by<::BIO_free>>;
using owned_certificate = std::unique_ptr<::X509, freed_by<::X509_free>>;
using owned_cipher = std::unique_ptr<::EVP_CIPHER, freed_by<::EVP_CIPHER_free>>;
using owned_context = std::unique_ptr<::SSL_CTX, freed_by<::SSL_CTX_free>>;
using owned_key = std::unique_ptr<::EVP_PKEY, freed_by<::EVP_PKEY_free>>;
using owned_session = std::unique_ptr<::SSL_SESSION, freed_by<::SSL_SESSION_free>>;

/// Takes the thread's queue of errors, which must not be left to whoever runs in the thread next, and gives
/// what went wrong first, in OpenSSL's words; empty if nothing is in it. Any thread.
std::string take_reason();

/// What an alert of the peer means (RFC 8446 6).
std::string text_of_alert(int alert);

/// A failure that is not the operating system's.
inline error wrong(std::string_view where, std::string_view what) {
  return {std::string(where) + ": " + std::string(what), 0};
}

} // namespace perron::runtime::tls::detail
