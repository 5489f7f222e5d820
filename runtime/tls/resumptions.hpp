// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/library.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace perron::runtime::tls::detail {

/// The last session with each server, for a client to resume. It belongs to an OpenSSL context. Any thread.
class resumptions {
public:
  /// Has a client's context keep its sessions. False: no memory.
  static bool begin(::SSL_CTX* of);
  /// Has `session` resume the last one with a server, if there is one. One of TLS 1.3 is used
  /// once (RFC 8446 C.4).
  static void resume(::SSL* session, const std::string& server);

private:
  static constexpr std::size_t most_servers = 256;

  static int index();
  static int keep(::SSL* of, ::SSL_SESSION* made);

  std::mutex mutex_;
  std::map<std::string, owned_session, std::less<>> last_;
};

} // namespace perron::runtime::tls::detail
