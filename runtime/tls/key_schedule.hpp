// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/handshake_watch.hpp>

namespace perron::runtime::tls::detail {

/// The properties with which OpenSSL derives keys by key_derivation.hpp: a provider within this program that
/// has TLS13-KDF and TLS1-PRF for the hashes of the profile. Null if it cannot be had. It is for contexts
/// made with these properties only: others of the program get what they got before.
///
/// Besides saving a sixth to a quarter of a handshake, it is where the secrets of a connection are seen as
/// they are made; see seen_secrets. Any thread.
const char* key_schedule_properties() noexcept;

/// While it lives, the secrets that are derived in this thread are those of one handshake. It must not live
/// longer than a call of OpenSSL, so not across a suspension.
class seen_secrets {
public:
  explicit seen_secrets(handshake_watch* by) noexcept;
  seen_secrets(const seen_secrets&) = delete;
  seen_secrets& operator=(const seen_secrets&) = delete;
  ~seen_secrets();
};

} // namespace perron::runtime::tls::detail
