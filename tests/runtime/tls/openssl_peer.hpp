// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "runtime/tls/sessions.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace perron::testing {

/// OpenSSL's own client at the other end of a server's session: does what our client never would.
class openssl_peer {
public:
  explicit openssl_peer(const server_context& by, std::string_view max_version = "1.3",
                        socket_pair::kind over = socket_pair::kind::unix)
      : sockets_(over), session_(session::accept(by, sockets_[0]).value()),
        context_(::SSL_CTX_new(::TLS_client_method())) {
    ::SSL_CTX_set_max_proto_version(context_.get(), max_version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION);
    ssl_.reset(::SSL_new(context_.get()));
    ::SSL_set_fd(ssl_.get(), sockets_[1]);
    ::SSL_set_connect_state(ssl_.get());
  }

  runtime::tls::session& session() { return *session_; }
  ::SSL* ssl() { return ssl_.get(); }
  int socket() const { return sockets_[1]; }
  int server_socket() const { return sockets_[0]; }

  bool handshake() {
    bool done = false;
    for (int i = 0; i < 20; ++i) {
      ::ERR_clear_error();
      done = ::SSL_do_handshake(ssl_.get()) == 1;
      const auto step = session_->handshake();
      if (done && step == session::step::done)
        return true;
    }
    return false;
  }

  bool write(std::string_view text) {
    ::ERR_clear_error();
    return ::SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) ==
           static_cast<int>(text.size());
  }

  std::string read() {
    ::ERR_clear_error();
    std::array<char, 20'000> part;
    std::string out;
    for (;;) {
      const int n = ::SSL_read(ssl_.get(), part.data(), static_cast<int>(part.size()));
      if (n <= 0)
        return out;
      out.append(part.data(), static_cast<std::size_t>(n));
    }
  }

  /// Asks the other side to do the same.
  bool update_keys() {
    ::ERR_clear_error();
    return ::SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED) == 1 && ::SSL_do_handshake(ssl_.get()) == 1;
  }

  /// `meanwhile` lets the other side go on.
  template <class F>
  bool renegotiate(F&& meanwhile) {
    ::ERR_clear_error();
    ::SSL_renegotiate(ssl_.get());
    ::SSL_do_handshake(ssl_.get());
    meanwhile();
    return ::SSL_do_handshake(ssl_.get()) == 1;
  }

  static std::string error() {
    const char* const text = ::ERR_reason_error_string(::ERR_get_error());
    ::ERR_clear_error();
    return text != nullptr ? text : "";
  }

private:
  struct free_context {
    void operator()(::SSL_CTX* c) const noexcept { ::SSL_CTX_free(c); }
  };
  struct free_ssl {
    void operator()(::SSL* s) const noexcept { ::SSL_free(s); }
  };

  socket_pair sockets_;
  std::unique_ptr<runtime::tls::session> session_;
  std::unique_ptr<::SSL_CTX, free_context> context_;
  std::unique_ptr<::SSL, free_ssl> ssl_;
};

} // namespace perron::testing
