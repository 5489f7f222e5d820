// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/client_context.hpp>

#include <perron/runtime/tls/resumptions.hpp>
#include <perron/runtime/tls/served.hpp>

namespace perron::runtime::tls {

using namespace detail;

client_context::~client_context() { ::SSL_CTX_free(context_); }

result<std::shared_ptr<client_context>> client_context::make(const client_options& options) {
  ::ERR_clear_error();
  owned_context made(::SSL_CTX_new(::TLS_client_method()));
  if (made == nullptr || !resumptions::begin(made.get()))
    return wrong("TLS", take_reason());
  ::SSL_CTX* const c = made.get();
  rules spoken;
  spoken.min_version = options.min_version;
  spoken.max_version = options.max_version;
  spoken.ciphers = options.ciphers;
  if (auto done = apply(spoken, c); !done)
    return done.error();
  ::SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  if (options.asks_for_ocsp)
    ::SSL_CTX_set_tlsext_status_type(c, TLSEXT_STATUSTYPE_ocsp);
  const auto alpn = alpn_on_the_wire(options.alpn);
  if (!alpn)
    return alpn.error();
  // 0 is success here, and only here
  if (!alpn->empty() && ::SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(alpn->data()),
                                                  static_cast<unsigned int>(alpn->size())) != 0)
    return wrong("alpn", take_reason());
  if (options.verify)
    ::SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
  if (!options.ca_file.empty()) {
    if (const auto readable = read_file(options.ca_file); !readable)
      return readable.error();
    if (::SSL_CTX_load_verify_file(c, options.ca_file.c_str()) != 1)
      return wrong(options.ca_file, "no certificates that can be read: " + take_reason());
  } else if (options.verify && ::SSL_CTX_set_default_verify_paths(c) != 1) {
    return wrong("the system's certificates", take_reason());
  }
  if (!options.own.certificate.empty()) {
    const auto shown = load_certificate(options.own);
    if (!shown)
      return shown.error();
    if (auto done = use(*shown, c); !done)
      return done.error();
  }
  ::ERR_clear_error();
  return std::shared_ptr<client_context>(new client_context(options, made.release()));
}

} // namespace perron::runtime::tls
