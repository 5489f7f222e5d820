// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/resumptions.hpp>

namespace perron::runtime::tls::detail {
namespace {

void free_resumptions(void* /*parent*/, void* what, ::CRYPTO_EX_DATA* /*of*/, int /*index*/, long /*l*/,
                      void* /*p*/) {
  delete static_cast<resumptions*>(what);
}

} // namespace

int resumptions::index() {
  static const int made =
      ::CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, free_resumptions);
  return made;
}

bool resumptions::begin(::SSL_CTX* of) {
  auto made = std::make_unique<resumptions>();
  if (::SSL_CTX_set_ex_data(of, index(), made.get()) != 1)
    return false;
  static_cast<void>(made.release());
  ::SSL_CTX_set_session_cache_mode(of, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(of, keep);
  return true;
}

int resumptions::keep(::SSL* of, ::SSL_SESSION* made) {
  const char* const server = ::SSL_get_servername(of, TLSEXT_NAMETYPE_host_name);
  if (server == nullptr)
    return 0;
  auto& self = *static_cast<resumptions*>(::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(of), index()));
  try {
    const std::lock_guard hold(self.mutex_);
    auto at = self.last_.find(std::string_view(server));
    if (at == self.last_.end()) {
      if (self.last_.size() == most_servers)
        self.last_.erase(self.last_.begin());
      at = self.last_.try_emplace(server).first;
    }
    at->second.reset(made);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return 1;
}

void resumptions::resume(::SSL* session, const std::string& server) {
  auto& self = *static_cast<resumptions*>(::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(session), index()));
  owned_session last;
  {
    const std::lock_guard hold(self.mutex_);
    const auto at = self.last_.find(server);
    if (at == self.last_.end())
      return;
    if (::SSL_SESSION_get_protocol_version(at->second.get()) >= TLS1_3_VERSION) {
      last = std::move(at->second);
      self.last_.erase(at);
    } else {
      // a copy: OpenSSL makes a session useless when the server renews its ticket
      last.reset(::SSL_SESSION_dup(at->second.get()));
    }
  }
  if (last != nullptr)
    ::SSL_set_session(session, last.get());
}

} // namespace perron::runtime::tls::detail
