// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace perron::runtime::tls::detail {

/// What a suite derives its keys with.
enum class hash : std::uint8_t { sha256, sha384 };

constexpr std::size_t size_of(hash with) noexcept { return with == hash::sha256 ? 32 : 48; }

using octets = std::span<const unsigned char>;

// How TLS makes keys from secrets. OpenSSL's hash functions are called directly: its EVP_KDF looks each of
// them up by name and allocates some ten times for a few hundred nanoseconds of hashing, and a handshake
// derives 25 keys. No allocation, no failure; what is left on the stack is wiped. Any thread.

/// HKDF-Extract (RFC 5869 2.2). `out` has the hash's size.
void extract(hash with, octets salt, octets secret, std::span<unsigned char> out) noexcept;

/// HKDF-Expand-Label (RFC 8446 7.1); `label` without "tls13 ", of at most 12 bytes, `context` of at most 64.
/// False: these or `out` are too long.
bool expand_label(hash with, octets secret, std::string_view label, octets context,
                  std::span<unsigned char> out) noexcept;

/// A step of the key schedule of TLS 1.3 (RFC 8446 7.1): Extract(Derive-Secret(before, "derived", ""),
/// secret). Empty ones stand for zeros; at the first step nothing is `before` it.
bool next_secret(hash with, octets before, octets secret, std::span<unsigned char> out) noexcept;

/// The PRF of TLS 1.2 (RFC 5246 5). The pieces are the label and the seed, one behind the other.
void prf_12(hash with, octets secret, std::span<const octets> pieces, std::span<unsigned char> out) noexcept;

} // namespace perron::runtime::tls::detail
