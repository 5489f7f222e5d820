// SPDX-License-Identifier: BSD-3-Clause
#include <perron/runtime/tls/traffic_key.hpp>

#include <perron/runtime/tls/library.hpp>

#include <algorithm>
#include <cstring>

namespace perron::runtime::tls::detail {
namespace {

constexpr std::size_t ciphers = 3;
/// RFC 8446 5.3, RFC 5246 6.1: numbers must not begin anew. Nobody lives to see it.
constexpr std::uint64_t last_number = ~std::uint64_t(0);

using owned_work = std::unique_ptr<::EVP_CIPHER_CTX, freed_by<::EVP_CIPHER_CTX_free>>;

const ::EVP_CIPHER* fetched(aead which) noexcept {
  static const std::array<owned_cipher, ciphers> all{
      owned_cipher(::EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)),
      owned_cipher(::EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)),
      owned_cipher(::EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)),
  };
  return all[static_cast<std::size_t>(which)].get();
}

/// The thread's. Making one costs more than giving it another key.
[[gnu::noinline]] ::EVP_CIPHER_CTX* work_of_thread(aead which, bool sealing) noexcept {
  thread_local std::array<owned_work, 2 * ciphers> all;
  owned_work& one = all[static_cast<std::size_t>(which) * 2 + (sealing ? 1 : 0)];
  if (one == nullptr) {
    one.reset(::EVP_CIPHER_CTX_new());
    if (one != nullptr &&
        ::EVP_CipherInit_ex2(one.get(), fetched(which), nullptr, nullptr, sealing ? 1 : 0, nullptr) != 1)
      one.reset();
  }
  return one.get();
}

void put_16(unsigned char* at, std::size_t value) noexcept {
  at[0] = static_cast<unsigned char>(value >> 8U);
  at[1] = static_cast<unsigned char>(value);
}

/// What is authenticated besides the content in TLS 1.2 (RFC 5246 6.2.3.3).
std::array<unsigned char, 13> additional_12(std::uint64_t number, unsigned char type,
                                            std::size_t size) noexcept {
  std::array<unsigned char, 13> out{};
  put_64(out.data(), number);
  out[8] = type;
  out[9] = 3;
  out[10] = 3;
  put_16(&out[11], size);
  return out;
}

} // namespace

traffic_key::~traffic_key() {
  ::OPENSSL_cleanse(secret_.data(), secret_.size());
  ::OPENSSL_cleanse(key_.data(), key_.size());
  ::OPENSSL_cleanse(iv_.data(), iv_.size());
}

void traffic_key::set_12(aead cipher, std::span<const unsigned char> key,
                         std::span<const unsigned char> fixed_iv) noexcept {
  cipher_ = cipher;
  secret_size_ = 0;
  std::ranges::copy(key.first(std::min(key.size(), key_.size())), key_.begin());
  std::ranges::copy(fixed_iv.first(std::min(fixed_iv.size(), iv_.size())), iv_.begin());
}

bool traffic_key::set_13(aead cipher, hash with, std::span<const unsigned char> secret) noexcept {
  cipher_ = cipher;
  secret_size_ = static_cast<std::uint8_t>(size_of(with));
  if (secret.size() != secret_size_)
    return false;
  std::ranges::copy(secret, secret_.begin());
  return derive();
}

bool traffic_key::derive() noexcept {
  number_ = 0;
  return expand_label(hash_of_secret(), secret(), "key", {}, std::span(key_).first(key_bytes())) &&
         expand_label(hash_of_secret(), secret(), "iv", {}, iv_);
}

bool traffic_key::update() noexcept {
  std::array<unsigned char, 48> next{};
  const bool done =
      expand_label(hash_of_secret(), secret(), "traffic upd", {}, std::span(next).first(secret_size_));
  if (done)
    secret_ = next;
  ::OPENSSL_cleanse(next.data(), next.size());
  return done && derive();
}

::evp_cipher_ctx_st* traffic_key::begin(bool sealing) const noexcept {
  ::EVP_CIPHER_CTX* const by = work_of_thread(cipher_, sealing);
  if (by == nullptr || ::EVP_CipherInit_ex2(by, nullptr, key_.data(), nullptr, sealing ? 1 : 0, nullptr) != 1)
    return nullptr;
  return by;
}

/// RFC 8446 5.3 and RFC 7905 2: the number in the iv's last 8 bytes, by exclusive or. RFC 5288 3: it follows
/// 4 bytes of the iv; there it is also sent with the record.
std::array<unsigned char, 12> traffic_key::nonce() const noexcept {
  std::array<unsigned char, 12> out = iv_;
  std::array<unsigned char, 8> number{};
  put_64(number.data(), number_);
  for (std::size_t i = 0; i < number.size(); ++i)
    out[4 + i] ^= number[i]; // the iv has zeros there for RFC 5288
  return out;
}

bool traffic_key::seal(::evp_cipher_ctx_st* by, unsigned char* record, std::span<const unsigned char> from,
                       record_type type) noexcept {
  if (number_ == last_number)
    return false;
  unsigned char* const at = record + before();
  const auto iv = nonce();
  const std::size_t protected_size = from.size() + (is_13() ? 1 : 0);
  const auto inner_type = static_cast<unsigned char>(type);
  record[0] = static_cast<unsigned char>(is_13() ? record_type::application_data : type);
  record[1] = 3;
  record[2] = 3;
  put_16(record + 3, explicit_bytes() + protected_size + tag_bytes);
  std::memcpy(record + header_bytes, iv.data() + 4, explicit_bytes());
  const auto old = additional_12(number_, inner_type, from.size());
  const unsigned char* const additional = is_13() ? record : old.data();
  int n = 0;
  const bool done =
      ::EVP_EncryptInit_ex2(by, nullptr, nullptr, iv.data(), nullptr) == 1 &&
      ::EVP_EncryptUpdate(by, nullptr, &n, additional, is_13() ? int(header_bytes) : int(old.size())) == 1 &&
      ::EVP_EncryptUpdate(by, at, &n, from.data(), static_cast<int>(from.size())) == 1 &&
      (!is_13() || ::EVP_EncryptUpdate(by, at + from.size(), &n, &inner_type, 1) == 1) &&
      ::EVP_EncryptFinal_ex(by, at + protected_size, &n) == 1 &&
      ::EVP_CIPHER_CTX_ctrl(by, EVP_CTRL_AEAD_GET_TAG, tag_bytes, at + protected_size) == 1;
  ++number_;
  return done;
}

traffic_key::opened traffic_key::open(::evp_cipher_ctx_st* by, std::span<unsigned char> record) noexcept {
  opened out;
  if (record.size() < before() + behind() || number_ == last_number)
    return out;
  auto iv = nonce();
  std::memcpy(iv.data() + 4, record.data() + header_bytes, explicit_bytes());
  const std::span<unsigned char> body = record.subspan(before(), record.size() - before() - tag_bytes);
  const auto old = additional_12(number_, record[0], body.size());
  const unsigned char* const additional = is_13() ? record.data() : old.data();
  unsigned char* const tag = body.data() + body.size();
  int n = 0;
  if (::EVP_DecryptInit_ex2(by, nullptr, nullptr, iv.data(), nullptr) != 1 ||
      ::EVP_CIPHER_CTX_ctrl(by, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag) != 1 ||
      ::EVP_DecryptUpdate(by, nullptr, &n, additional, is_13() ? int(header_bytes) : int(old.size())) != 1 ||
      ::EVP_DecryptUpdate(by, body.data(), &n, body.data(), static_cast<int>(body.size())) != 1 ||
      ::EVP_DecryptFinal_ex(by, tag, &n) != 1)
    return out;
  ++number_;
  out.genuine = true;
  out.type = static_cast<record_type>(record[0]);
  out.content = body;
  if (is_13()) { // RFC 8446 5.4: zeros, then the type, from the end
    std::size_t size = body.size();
    while (size != 0 && body[size - 1] == 0)
      --size;
    out.type = static_cast<record_type>(size != 0 ? body[size - 1] : 0);
    out.content = body.first(size != 0 ? size - 1 : 0);
  }
  return out;
}

} // namespace perron::runtime::tls::detail
