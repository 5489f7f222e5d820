// SPDX-License-Identifier: BSD-3-Clause
#include "support/tls_wire.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <utility>

namespace perron::testing {
namespace {

std::string take_error() {
  char text[256] = "no reason";
  const unsigned long code = ::ERR_get_error();
  if (code != 0)
    ::ERR_error_string_n(code, text, sizeof text);
  ::ERR_clear_error();
  return text;
}

bool use_certificate(::SSL_CTX* context, const tls_wire_options& options) {
  return ::SSL_CTX_use_certificate_file(context, options.certificate.c_str(), SSL_FILETYPE_PEM) == 1 &&
         ::SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) == 1;
}

} // namespace

struct tls_wire::parts {
  ::SSL_CTX* context = nullptr;
  ::SSL* ssl = nullptr;

  parts() = default;
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;
  ~parts() {
    ::SSL_free(ssl);
    ::SSL_CTX_free(context);
  }
};

tls_wire::tls_wire(std::unique_ptr<parts> of) : parts_(std::move(of)) {}
tls_wire::~tls_wire() = default;

std::unique_ptr<tls_wire> tls_wire::shake_hands(int socket, const tls_wire_options& options,
                                                std::string* why) {
  auto p = std::make_unique<parts>();
  p->context = ::SSL_CTX_new(::TLS_client_method());
  if (options.only_1_2)
    ::SSL_CTX_set_max_proto_version(p->context, TLS1_2_VERSION);
  ::SSL_CTX_set_mode(p->context, SSL_MODE_AUTO_RETRY);
  if (!options.certificate.empty() && !use_certificate(p->context, options)) {
    ADD_FAILURE() << "the client's certificate: " << take_error();
    return nullptr;
  }
  p->ssl = ::SSL_new(p->context);
  ::SSL_set_fd(p->ssl, socket);
  if (!options.server_name.empty())
    ::SSL_set_tlsext_host_name(p->ssl, options.server_name.c_str());
  if (options.resume != nullptr)
    ::SSL_set_session(p->ssl, options.resume.get());
  ::ERR_clear_error();
  if (::SSL_connect(p->ssl) == 1)
    return std::unique_ptr<tls_wire>(new tls_wire(std::move(p)));
  if (why != nullptr)
    *why = take_error();
  return nullptr;
}

ssize_t tls_wire::send(const char* bytes, std::size_t size) {
  ::ERR_clear_error();
  const int n = ::SSL_write(parts_->ssl, bytes, static_cast<int>(size));
  if (n <= 0 && errno == 0)
    errno = EPROTO;
  return n;
}

ssize_t tls_wire::receive(char* into, std::size_t size) {
  ::ERR_clear_error();
  errno = 0;
  const int n = ::SSL_read(parts_->ssl, into, static_cast<int>(size));
  if (n > 0)
    return n;
  const int how = ::SSL_get_error(parts_->ssl, n);
  if (how == SSL_ERROR_ZERO_RETURN)
    return 0;
  if (how == SSL_ERROR_WANT_READ)
    errno = EAGAIN;
  else if (errno == 0)
    errno = ECONNABORTED; // an end without a goodbye, or an alert
  ::ERR_clear_error();
  return -1;
}

void tls_wire::say_goodbye() {
  ::ERR_clear_error();
  ::SSL_shutdown(parts_->ssl);
  ::ERR_clear_error();
}

bool tls_wire::has_pending() const { return ::SSL_has_pending(parts_->ssl) == 1; }
bool tls_wire::was_resumed() const { return ::SSL_session_reused(parts_->ssl) == 1; }
std::string tls_wire::version() const { return ::SSL_get_version(parts_->ssl); }

std::string tls_wire::server_subject() const {
  ::X509* of = ::SSL_get1_peer_certificate(parts_->ssl);
  char name[256] = "";
  if (of != nullptr)
    ::X509_NAME_get_text_by_NID(::X509_get_subject_name(of), NID_commonName, name, sizeof name);
  ::X509_free(of);
  return name;
}

std::shared_ptr<::ssl_session_st> tls_wire::session() const {
  return {::SSL_get1_session(parts_->ssl), ::SSL_SESSION_free};
}

bool tls_wire::update_key() {
  ::ERR_clear_error();
  return ::SSL_key_update(parts_->ssl, SSL_KEY_UPDATE_REQUESTED) == 1;
}

void secure(raw_client& c, const tls_wire_options& options) {
  std::string why;
  auto wire = tls_wire::shake_hands(c.descriptor(), options, &why);
  EXPECT_NE(wire, nullptr) << "the handshake failed: " << why;
  c.speak_through(std::move(wire));
}

raw_client secure_client(std::uint16_t port, const tls_wire_options& options) {
  raw_client c = raw_client::to(port);
  secure(c, options);
  return c;
}

} // namespace perron::testing
