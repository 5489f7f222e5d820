// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

struct ssl_st;

namespace perron::runtime::tls::detail {

/// What is seen of a handshake that OpenSSL makes: what goes beyond bounds, and what is needed to go on
/// without OpenSSL. Secrets are wiped when it goes.
struct handshake_watch {
  /// The traffic secret of one direction in TLS 1.3, and how many records its key has protected; in TLS 1.2
  /// only those.
  struct direction {
    std::array<unsigned char, 48> secret{};
    std::uint8_t size = 0; ///< 0: not seen
    std::uint32_t records = 0;
  };

  explicit handshake_watch(wire& bytes) noexcept : on(bytes) {}
  handshake_watch(const handshake_watch&) = delete;
  handshake_watch& operator=(const handshake_watch&) = delete;
  ~handshake_watch();

  /// Has a session tell this of its records, which must outlive it.
  void watch(::ssl_st* session) noexcept;
  /// Of what was derived by that label; see key_schedule.hpp.
  void note_secret(std::string_view label, std::span<const unsigned char> made) noexcept;

  wire& on;
  direction from_client;
  direction from_server;
  /// The front of the key block of TLS 1.2 (RFC 5246 6.3): both keys, the client's first, then both ivs.
  std::array<unsigned char, 2 * (32 + 12)> key_block{};
  std::uint8_t key_block_size = 0; ///< 0: not seen
};

} // namespace perron::runtime::tls::detail
