// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

struct ssl_ctx_st;
struct ssl_st;

namespace perron::runtime::tls::detail {

/// What is seen of a handshake that OpenSSL makes: what goes beyond bounds, and what is needed to go on
/// without OpenSSL. Secrets are wiped when it goes.
struct handshake_watch {
  /// The secret of one direction in TLS 1.3, and how many records its key has protected; in TLS 1.2 only
  /// those.
  struct direction {
    std::array<unsigned char, 48> secret{};
    std::uint8_t size = 0;
    std::uint32_t records = 0;
  };

  explicit handshake_watch(wire& bytes) noexcept : on(bytes) {}
  handshake_watch(const handshake_watch&) = delete;
  handshake_watch& operator=(const handshake_watch&) = delete;
  ~handshake_watch();

  /// Has a session told of to this, which must outlive it.
  void watch(::ssl_st* session) noexcept;
  /// Has the sessions of a context that are watched tell their secrets.
  static void allow_for(::ssl_ctx_st* context) noexcept;

  wire& on;
  direction from_client;
  direction from_server;
};

} // namespace perron::runtime::tls::detail
