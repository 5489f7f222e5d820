// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// For the sources of this folder.

#include <perron/runtime/tls/key_derivation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

struct evp_cipher_ctx_st;
struct ssl_st;

namespace perron::runtime::tls::detail {

enum class aead : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };

/// The type of what a record carries (RFC 8446 5.1).
enum class record_type : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23
};

/// As TLS has numbers on the wire: the highest byte first.
inline void put_64(unsigned char* at, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i)
    at[i] = static_cast<unsigned char>(value >> (56 - 8 * i));
}

/// What protects the records of one direction: key, nonce and number of the next record, of TLS 1.2 (RFC
/// 5246, 5288, 7905) or 1.3 (RFC 8446 5.2, 5.3). About 130 bytes; the cipher itself is the thread's. Wiped
/// when it goes.
class traffic_key {
public:
  traffic_key() noexcept = default;
  traffic_key(const traffic_key&) = delete;
  traffic_key& operator=(const traffic_key&) = delete;
  ~traffic_key();

  static constexpr std::size_t header_bytes = 5;
  static constexpr std::size_t tag_bytes = 16;

  /// TLS 1.2: parts of the key block.
  void set_12(aead cipher, std::span<const unsigned char> key,
              std::span<const unsigned char> fixed_iv) noexcept;
  /// TLS 1.3: the traffic secret of this direction. False: it has not the hash's size.
  bool set_13(aead cipher, hash with, std::span<const unsigned char> secret) noexcept;
  /// The next secret and what follows from it (RFC 8446 7.2).
  bool update() noexcept;

  /// What it consists of, for who seals in our place.
  aead cipher() const noexcept { return cipher_; }
  octets key() const noexcept { return octets(key_).first(key_bytes()); }
  octets iv() const noexcept { return iv_; }

  bool is_13() const noexcept { return secret_size_ != 0; }
  std::uint64_t number() const noexcept { return number_; }
  void set_number(std::uint64_t next) noexcept { number_ = next; }
  /// Bytes of a record before and behind its content.
  std::size_t before() const noexcept { return header_bytes + explicit_bytes(); }
  std::size_t behind() const noexcept { return tag_bytes + (is_13() ? 1 : 0); }

  /// Begins the work of one call in a thread. Null: no memory.
  ::evp_cipher_ctx_st* begin(bool sealing) const noexcept;

  /// Makes a record of before() + `from`'s size + behind() bytes. What it holds may stand in its place
  /// already.
  bool seal(::evp_cipher_ctx_st* by, unsigned char* record, std::span<const unsigned char> from,
            record_type type) noexcept;

  struct opened {
    bool genuine = false;
    record_type type{};
    std::span<unsigned char> content;
  };
  /// Opens a whole record in place.
  opened open(::evp_cipher_ctx_st* by, std::span<unsigned char> record) noexcept;

private:
  bool derive() noexcept;
  octets secret() const noexcept { return octets(secret_).first(secret_size_); }
  hash hash_of_secret() const noexcept { return secret_size_ == 48 ? hash::sha384 : hash::sha256; }
  std::size_t explicit_bytes() const noexcept {
    return is_13() || cipher_ == aead::chacha20_poly1305 ? 0 : 8;
  }
  std::size_t key_bytes() const noexcept { return cipher_ == aead::aes_128_gcm ? 16 : 32; }
  std::array<unsigned char, 12> nonce() const noexcept;

  std::uint64_t number_ = 0;
  std::array<unsigned char, 48> secret_{};
  std::array<unsigned char, 32> key_{};
  std::array<unsigned char, 12> iv_{};
  std::uint8_t secret_size_ = 0;
  aead cipher_ = aead::aes_128_gcm;
};

} // namespace perron::runtime::tls::detail
