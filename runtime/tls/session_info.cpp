// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/session_info.hpp>

#include <perron/runtime/tls/certificate.hpp>
#include <perron/runtime/tls/handshake_watch.hpp>
#include <perron/runtime/tls/known.hpp>
#include <perron/runtime/tls/library.hpp>
#include <perron/runtime/tls/records.hpp>
#include <perron/runtime/tls/session.hpp>

#include <array>

namespace perron::runtime::tls {
namespace {

using namespace detail;
using owned_number = std::unique_ptr<::BIGNUM, freed_by<::BN_free>>;

std::string written(::BIO* out) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const ::X509_NAME* name) {
  const owned_bio out(::BIO_new(::BIO_s_mem()));
  if (out == nullptr || ::X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return {};
  return written(out.get());
}

std::string serial_of(const ::X509* of) {
  const owned_number number(::ASN1_INTEGER_to_BN(::X509_get0_serialNumber(of), nullptr));
  if (number == nullptr)
    return {};
  char* const text = ::BN_bn2hex(number.get());
  std::string out = text != nullptr ? text : "";
  ::OPENSSL_free(text);
  return out;
}

std::string fingerprint_of(const ::X509* of) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ::X509_digest(of, ::EVP_sha256(), digest.data(), &size);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 15U];
  }
  return out;
}

std::string pem_of(::X509* of) {
  const owned_bio out(::BIO_new(::BIO_s_mem()));
  if (out == nullptr || ::PEM_write_bio_X509(out.get(), of) != 1)
    return {};
  return written(out.get());
}

std::unique_ptr<const peer_certificate> peer_of(::SSL* ssl) {
  ::X509* const shown = ::SSL_get0_peer_certificate(ssl);
  if (shown == nullptr)
    return nullptr;
  auto out = std::make_unique<peer_certificate>();
  out->subject = text_of(::X509_get_subject_name(shown));
  out->issuer = text_of(::X509_get_issuer_name(shown));
  out->serial = serial_of(shown);
  out->fingerprint = fingerprint_of(shown);
  out->not_before = time_of(::X509_get0_notBefore(shown));
  out->not_after = time_of(::X509_get0_notAfter(shown));
  const long verdict = ::SSL_get_verify_result(ssl);
  out->verified = ::SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && verdict == X509_V_OK;
  if (!out->verified)
    out->why_not = verdict == X509_V_OK ? "nobody has looked" : ::X509_verify_cert_error_string(verdict);
  out->pem = pem_of(shown);
  ::ERR_clear_error();
  return out;
}

std::string_view or_empty(const char* text) {
  return text != nullptr ? std::string_view(text) : std::string_view();
}

} // namespace

std::string session::stapled_ocsp() const {
  const unsigned char* text = nullptr;
  const long size = ssl_ != nullptr ? ::SSL_get_tlsext_status_ocsp_resp(ssl_, &text) : 0;
  return size > 0 ? std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size))
                  : std::string();
}

const session_info& session::info() const {
  if (known_ == nullptr && ssl_ != nullptr) {
    auto made = std::make_unique<known>();
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    ::SSL_get0_alpn_selected(ssl_, &protocol, &size);
    made->texts.assign(reinterpret_cast<const char*>(protocol), size);
    made->texts += or_empty(::SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name));
    session_info& info = made->info;
    info.version = or_empty(::SSL_get_version(ssl_)); // texts that stay
    info.cipher = or_empty(::SSL_get_cipher_name(ssl_));
    info.alpn = std::string_view(made->texts).substr(0, size);
    info.server_name = std::string_view(made->texts).substr(size);
    info.resumed = ::SSL_session_reused(ssl_) == 1;
    info.peer = peer_of(ssl_);
    known_ = std::move(made);
  }
  return known_->info;
}

} // namespace perron::runtime::tls
