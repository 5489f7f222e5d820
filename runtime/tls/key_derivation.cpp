// SPDX-License-Identifier: BSD-3-Clause
// OpenSSL's structures of one hash are deprecated for those of many; here there is one.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <perron/runtime/tls/key_derivation.hpp>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace perron::runtime::tls::detail {
namespace {

constexpr std::size_t most_hash_bytes = 48;
constexpr std::array<unsigned char, most_hash_bytes> zeros{};

struct sha256 {
  using state = ::SHA256_CTX;
  static constexpr std::size_t bytes = 32;
  static constexpr std::size_t block = 64;
  static void begin(state& s) noexcept { ::SHA256_Init(&s); }
  static void add(state& s, octets more) noexcept { ::SHA256_Update(&s, more.data(), more.size()); }
  static void end(state& s, unsigned char* out) noexcept { ::SHA256_Final(out, &s); }
};

struct sha384 {
  using state = ::SHA512_CTX;
  static constexpr std::size_t bytes = 48;
  static constexpr std::size_t block = 128;
  static void begin(state& s) noexcept { ::SHA384_Init(&s); }
  static void add(state& s, octets more) noexcept { ::SHA384_Update(&s, more.data(), more.size()); }
  static void end(state& s, unsigned char* out) noexcept { ::SHA384_Final(out, &s); }
};

/// HMAC with one key (RFC 2104). The key is hashed once for all that is made with it.
template <class Hash>
class keyed {
public:
  using state = typename Hash::state;

  explicit keyed(octets key) noexcept {
    std::array<unsigned char, Hash::block> pad{};
    if (key.size() > pad.size()) {
      state s;
      Hash::begin(s);
      Hash::add(s, key);
      Hash::end(s, pad.data());
    } else {
      std::ranges::copy(key, pad.begin());
    }
    for (unsigned char& c : pad)
      c ^= 0x36U;
    Hash::begin(inner_);
    Hash::add(inner_, pad);
    for (unsigned char& c : pad)
      c ^= 0x36U ^ 0x5cU;
    Hash::begin(outer_);
    Hash::add(outer_, pad);
    ::OPENSSL_cleanse(pad.data(), pad.size());
  }
  keyed(const keyed&) = delete;
  keyed& operator=(const keyed&) = delete;
  ~keyed() {
    ::OPENSSL_cleanse(&inner_, sizeof inner_);
    ::OPENSSL_cleanse(&outer_, sizeof outer_);
  }

  std::array<unsigned char, Hash::bytes> of(std::initializer_list<octets> pieces,
                                            std::span<const octets> more = {}) const noexcept {
    std::array<unsigned char, Hash::bytes> out;
    state s = inner_;
    for (const octets piece : pieces)
      Hash::add(s, piece);
    for (const octets piece : more)
      Hash::add(s, piece);
    Hash::end(s, out.data());
    s = outer_;
    Hash::add(s, out);
    Hash::end(s, out.data());
    ::OPENSSL_cleanse(&s, sizeof s);
    return out;
  }

private:
  state inner_;
  state outer_;
};

template <class Digest>
void put(Digest& made, std::span<unsigned char> out) noexcept {
  std::ranges::copy(std::span(made).first(std::min(made.size(), out.size())), out.begin());
  ::OPENSSL_cleanse(made.data(), made.size());
}

/// RFC 5869 2.3.
template <class Hash>
void expand(octets secret, octets info, std::span<unsigned char> out) noexcept {
  const keyed<Hash> by(secret);
  std::array<unsigned char, Hash::bytes> last{};
  std::size_t have = 0;
  for (unsigned char turn = 1; !out.empty(); ++turn) {
    last = by.of({octets(last).first(have), info, octets(&turn, 1)});
    have = last.size();
    const std::size_t n = std::min(out.size(), last.size());
    std::copy_n(last.begin(), n, out.begin());
    out = out.subspan(n);
  }
  ::OPENSSL_cleanse(last.data(), last.size());
}

/// P_hash (RFC 5246 5).
template <class Hash>
void p_hash(octets secret, std::span<const octets> seed, std::span<unsigned char> out) noexcept {
  const keyed<Hash> by(secret);
  auto a = by.of({}, seed);
  while (!out.empty()) {
    auto next = by.of({octets(a)}, seed);
    const std::size_t n = std::min(out.size(), next.size());
    put(next, out.first(n));
    out = out.subspan(n);
    a = by.of({octets(a)});
  }
  ::OPENSSL_cleanse(a.data(), a.size());
}

template <class Hash>
void extract_with(octets salt, octets secret, std::span<unsigned char> out) noexcept {
  auto made = keyed<Hash>(salt).of({secret});
  put(made, out);
}

octets or_zeros(octets given, hash with) noexcept {
  return given.empty() ? octets(zeros).first(size_of(with)) : given;
}

} // namespace

void extract(hash with, octets salt, octets secret, std::span<unsigned char> out) noexcept {
  if (with == hash::sha256)
    extract_with<sha256>(salt, secret, out);
  else
    extract_with<sha384>(salt, secret, out);
}

bool expand_label(hash with, octets secret, std::string_view label, octets context,
                  std::span<unsigned char> out) noexcept {
  constexpr std::string_view prefix = "tls13 ";
  std::array<unsigned char, 2 + 1 + prefix.size() + 12 + 1 + 64> info{};
  if (label.size() > 12 || context.size() > 64 || out.size() > 255 * size_of(with))
    return false;
  auto at = info.begin();
  *at++ = static_cast<unsigned char>(out.size() >> 8U);
  *at++ = static_cast<unsigned char>(out.size());
  *at++ = static_cast<unsigned char>(prefix.size() + label.size());
  at = std::ranges::copy(prefix, at).out;
  at = std::ranges::copy(label, at).out;
  *at++ = static_cast<unsigned char>(context.size());
  at = std::ranges::copy(context, at).out;
  const octets whole = octets(info).first(static_cast<std::size_t>(at - info.begin()));
  if (with == hash::sha256)
    expand<sha256>(secret, whole, out);
  else
    expand<sha384>(secret, whole, out);
  return true;
}

bool next_secret(hash with, octets before, octets secret, std::span<unsigned char> out) noexcept {
  std::array<unsigned char, most_hash_bytes> room{};
  const std::span<unsigned char> salt = std::span(room).first(size_of(with));
  if (!before.empty()) {
    std::array<unsigned char, most_hash_bytes> of_nothing{};
    if (with == hash::sha256)
      ::SHA256(nullptr, 0, of_nothing.data());
    else
      ::SHA384(nullptr, 0, of_nothing.data());
    if (!expand_label(with, before, "derived", octets(of_nothing).first(salt.size()), salt))
      return false;
  }
  extract(with, salt, or_zeros(secret, with), out);
  ::OPENSSL_cleanse(room.data(), room.size());
  return true;
}

void prf_12(hash with, octets secret, std::span<const octets> pieces, std::span<unsigned char> out) noexcept {
  if (with == hash::sha256)
    p_hash<sha256>(secret, pieces, out);
  else
    p_hash<sha384>(secret, pieces, out);
}

} // namespace perron::runtime::tls::detail
